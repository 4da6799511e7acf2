import { caddySite, HTTPS_PORT } from "./caddy-site.js";
import { caddyWord, indentWithTabs } from "./caddy-text.js";
import type { Configuration, ConfigurationPart, ConfigurationSource } from "../configuration.js";
import { commonNotes, linkNotes, needsOf } from "../plan/needs.js";
import { routingPlanOf, type RoutingPlan } from "../plan/plan.js";
import { block, textOf } from "../text.js";

/** Generates the configuration of Caddy 2.6 or newer. */
export function caddy(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const part = plan.deployment.part === "whole" ? mainFile(plan) : siteFile(plan);
  return {
    ...part,
    needs: needsOf(plan, { sendsMount: true }),
    notes: [...commonNotes(plan), ...linkNotes(plan, "Caddy"), ...importNotes(plan)],
    isTested: true,
  };
}

/** A complete file with which Caddy can be started. */
function mainFile(plan: RoutingPlan): ConfigurationPart {
  const { name, port, state } = plan.deployment;
  const lines = [
    `# Caddy in front of ${name}.`,
    ...block("", [
      "# The configuration cannot be changed while Caddy runs.",
      "admin off",
      ...(port === HTTPS_PORT ? [] : ["# No certificate is requested.", "auto_https off"]),
      ...(state === undefined ? [] : [`storage file_system ${caddyWord(state)}`]),
    ]),
    "",
    ...caddySite(plan),
  ];
  return {
    files: [{ name: "Caddyfile", text: indentWithTabs(textOf(lines)) }],
    check: "caddy validate --config Caddyfile --adapter caddyfile",
    run: "caddy run --config Caddyfile --adapter caddyfile",
    folders: state === undefined ? [] : [state],
  };
}

/** A file that the main one, /etc/caddy/Caddyfile, must import. */
function siteFile(plan: RoutingPlan): ConfigurationPart {
  const { name } = plan.deployment;
  return {
    files: [
      { name: sitePath(plan), text: indentWithTabs(textOf([`# ${name} behind Caddy.`, ...caddySite(plan)])) },
    ],
    check: "caddy validate --config /etc/caddy/Caddyfile",
    run: "systemctl reload caddy",
    folders: [],
  };
}

function importNotes(plan: RoutingPlan): string[] {
  if (plan.deployment.part === "whole") return [];
  return [`Add "import ${sitePath(plan)}" to /etc/caddy/Caddyfile.`];
}

function sitePath({ deployment }: RoutingPlan): string {
  return `/etc/caddy/${deployment.name}.caddy`;
}
