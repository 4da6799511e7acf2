/** What is needed from the system. */
export interface Requirement {
  /** The Debian package. */
  readonly package: string;
  /** The file by which it is found; a name without a slash is a program on the path. */
  readonly file: string;
}

/** Installs what is missing, if this user may; tells which packages are still missing, and why. */
export function installDebianPackages(
  requirements: readonly Requirement[],
  whom: string,
): Promise<{ missing: string[]; fact: string }>;

/** Whether a program or file is there. */
export function isProgram(file: string): boolean;
