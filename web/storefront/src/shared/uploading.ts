/** Pictures of one's own, sent as they are chosen; the API draws them anew. */

import { type Answer, headers, origin, refused } from "@/api/client";
import { ApiError } from "@/api/error";
import { t } from "@/i18n";

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

export function upload(path: string): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    uni.uploadFile({
      url: `${origin}/api/pictures`,
      filePath: path,
      name: "image",
      header: headers(),
      success: ({ statusCode, data }) => {
        const answer: unknown = readJson(data);
        if (statusCode === 201) resolve(answer as Uploaded);
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
