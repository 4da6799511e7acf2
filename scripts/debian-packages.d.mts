/** A program or file that is needed from the system. */
export interface Requirement {
  /** The Debian package. */
  readonly package: string;
  /** The file that shows it is installed; a name without a slash is a program on the path. */
  readonly file: string;
}

/** Installs missing packages if this user may; returns those still missing, and why. */
export function installDebianPackages(
  requirements: readonly Requirement[],
  whom: string,
): Promise<{ missing: string[]; fact: string }>;

/** Whether a program or file exists. */
export function isProgram(file: string): boolean;
