import type { Releases } from "../releases.js";

/** What a program is started for. */
export interface TargetPlace {
  /** A folder for its sockets and its pid file, in which it must leave nothing. */
  readonly run: string;
  /** A folder for its configuration and its log. */
  readonly folder: string;
  /** What it listens on: `unix:<path>` or `127.0.0.1:<port>`. */
  readonly address: string;
  readonly workers: number;
  readonly releases: Releases;
  /** The folder of the compiled programs. */
  readonly programs: string;
}

/** How new code is brought in: by a signal to the master, by a command, or by an end and a new start. */
export type ReloadWay =
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "command"; readonly command: readonly [string, ...string[]] }
  | { readonly kind: "restart" };

/** The processes that a reload starts, started alone. */
export interface AloneTarget {
  /** How many; one after the other. */
  processes(place: TargetPlace): number;
  command(place: TargetPlace): readonly [string, ...string[]];
  /** What it prints when it serves. */
  readonly isReady: RegExp;
}

/** A program that is drilled: Tricorn, or what it is compared with. */
export interface Target {
  readonly name: string;
  /** The command that starts it in the foreground. */
  command(place: TargetPlace): readonly [string, ...string[]];
  env?(place: TargetPlace): Readonly<Record<string, string>>;
  /** Files of its folder, by name. */
  files?(place: TargetPlace): Readonly<Record<string, string>>;
  /** Params that it needs beside nginx's usual ones. */
  params?(place: TargetPlace): Readonly<Record<string, string>>;
  /** Where a Web server finds it; one address if not given. */
  addresses?(place: TargetPlace): readonly string[];
  /** Its program in `apps/`; `application` by default. */
  readonly application?: string;
  readonly stopSignal: NodeJS.Signals;
  reload(place: TargetPlace): ReloadWay;
  /** What its reload is compared with. */
  readonly alone?: AloneTarget;
  /** Whether the file of its socket stays, because it is systemd's. */
  readonly leavesSocket?: true;
}
