import { caddySite, HTTPS } from "./caddy-site.js";
import { quoted, tabbed } from "./caddy-text.js";
import type { Configuration, ConfigurationSource } from "../configuration.js";
import { commonNotes, linkNotes, needsOf } from "../plan/needs.js";
import { routingPlanOf, type RoutingPlan } from "../plan/plan.js";
import { block, textOf } from "../text.js";

/** Writes the configuration of Caddy, 2.6 or newer. */
export function caddy(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const main = plan.deployment.part === "whole" ? whole(plan) : site(plan);
  return {
    ...main,
    needs: needsOf(plan, { sendsMount: true }),
    notes: [...commonNotes(plan), ...linkNotes(plan, "Caddy"), ...main.notes],
    isTested: true,
  };
}

type Main = Pick<Configuration, "files" | "check" | "run" | "folders" | "notes">;

function whole(plan: RoutingPlan): Main {
  const { name, port, state } = plan.deployment;
  const lines = [
    `# Caddy in front of ${name}.`,
    ...block("", [
      "# Nobody can change the configuration while Caddy runs.",
      "admin off",
      ...(port === HTTPS ? [] : ["# No certificate is asked for.", "auto_https off"]),
      ...(state === undefined ? [] : [`storage file_system ${quoted(state)}`]),
    ]),
    "",
    ...caddySite(plan),
  ];
  return {
    files: [{ name: "Caddyfile", text: tabbed(textOf(lines)) }],
    check: "caddy validate --config Caddyfile --adapter caddyfile",
    run: "caddy run --config Caddyfile --adapter caddyfile",
    folders: state === undefined ? [] : [state],
    notes: [],
  };
}

/** A file that the main one, /etc/caddy/Caddyfile, has to import. */
function site(plan: RoutingPlan): Main {
  const { name } = plan.deployment;
  const file = `/etc/caddy/${name}.caddy`;
  return {
    files: [{ name: file, text: tabbed(textOf([`# ${name} behind Caddy.`, ...caddySite(plan)])) }],
    check: "caddy validate --config /etc/caddy/Caddyfile",
    run: "systemctl reload caddy",
    folders: [],
    notes: [`Caddy reads ${file} where /etc/caddy/Caddyfile says "import ${file}".`],
  };
}
