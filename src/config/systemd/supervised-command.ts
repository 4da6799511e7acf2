import { basename } from "node:path";

/** The commands of a service whose process is a master. */
export interface SupervisedCommand {
  /** Starts it. */
  readonly start: readonly string[];
  /** Reloads it, and fails if the new version does not start. */
  readonly reload: readonly string[];
  /** For how long it serves on when it is asked to stop; s. */
  readonly drain: number;
  /** The folder below /run that the service needs for its control socket; undefined if the command names another. */
  readonly folder: string | undefined;
}

/** The end of the path of the command `tricorn` in its package. */
const COMMAND_FILE = /(?:^|\/)tricorn\/dist\/cli\/main\.js$/;

/**
 * The commands of a service that `tricorn serve` starts, as a word of its own or by its path; undefined for any other command. Its
 * control socket has a fixed path, unless the command names one.
 */
export function supervisedCommand(words: readonly string[], name: string): SupervisedCommand | undefined {
  const at = words.findIndex(
    (word, index) =>
      (basename(word) === "tricorn" || COMMAND_FILE.test(word)) && words[index + 1] === "serve",
  );
  if (at < 0) return undefined;
  const tricorn = words.slice(0, at + 1);
  const options = words.slice(at + 2);
  // What follows is the program's.
  const end = options.indexOf("--");
  const own = end < 0 ? options : options.slice(0, end);
  const given = optionValue(own, "--control");
  const drain = Number(optionValue(own, "--drain") ?? 0) || 0;
  if (given !== undefined)
    return { start: words, reload: [...tricorn, "reload", "--control", given], drain, folder: undefined };
  const folder = `${name}-control`;
  const control = `/run/${folder}/master.sock`;
  return {
    // Before the program, whose own options may follow.
    start: [...tricorn, "serve", "--control", control, ...options],
    reload: [...tricorn, "reload", "--control", control],
    drain,
    folder,
  };
}

/** The value of an option, after it or after its equals sign. */
function optionValue(words: readonly string[], option: string): string | undefined {
  for (const [index, word] of words.entries()) {
    if (word === option) return words[index + 1];
    if (word.startsWith(`${option}=`)) return word.slice(option.length + 1);
  }
  return undefined;
}
