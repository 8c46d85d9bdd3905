/** Pictures of one's own, sent as they are chosen; the API draws them anew. */

import { type Answer, headers, origin, refused } from "@/api/client";
import { ApiError } from "@/api/error";
import { t } from "@/i18n";

type Place = "/api/pictures" | "/api/members/me/portrait";
export type Uploaded = Answer<"/api/pictures", "post">;

/** Let the shopper choose at most `most`; the local paths. None, where they think better of it. */
export function choosePictures(most: number): Promise<string[]> {
  return new Promise((resolve) => {
    uni.chooseImage({
      count: most,
      sizeType: ["compressed"],
      success: ({ tempFilePaths }) => resolve([...tempFilePaths].slice(0, most)),
      fail: () => resolve([]),
    });
  });
}

/** To be named by what one writes, or at once as one's portrait. */
export function upload<P extends Place = "/api/pictures">(
  path: string,
  to: P = "/api/pictures" as P,
): Promise<Answer<P, "post">> {
  return new Promise((resolve, reject) => {
    uni.uploadFile({
      url: origin + to,
      filePath: path,
      name: "image",
      header: headers(),
      success: ({ statusCode, data }) => {
        const answer: unknown = readJson(data);
        if (statusCode === 200 || statusCode === 201) resolve(answer as Answer<P, "post">);
        else reject(refused(statusCode, answer));
      },
      fail: () => reject(new ApiError(0, { code: "offline", message: t("error.offline") })),
    });
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
