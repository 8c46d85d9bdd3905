/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where the API is, for builds that are not served by it (mini-program, app): `https://…`. */
  readonly VITE_API_ORIGIN?: string;
}
