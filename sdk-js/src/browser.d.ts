/** What browsers have and TypeScript's library does not know. */

interface Document {
  readonly prerendering?: boolean;
}

interface Navigator {
  readonly globalPrivacyControl?: boolean;
  readonly doNotTrack: string | null;
}
