import { caddyPart, caddySite, HTTPS_PORT } from "./caddy-site.js";
import { caddyWord, indentWithTabs } from "./caddy-text.js";
import type { Configuration, ConfigurationPart, ConfigurationSource } from "../configuration.js";
import { commonNotes, linkNotes, needsOf } from "../plan/needs.js";
import { ownName, requirePart } from "../plan/own-name.js";
import { routingPlanOf, type RoutingPlan } from "../plan/plan.js";
import { block, textOf } from "../text.js";

/** Generates the configuration of Caddy 2.6 or newer. */
export function caddy(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const part = plan.deployment.part === "whole" ? mainFile(plan) : sitePart(plan);
  return {
    ...part,
    needs: needsOf(plan, { sendsMount: true }),
    notes: [...commonNotes(plan), ...linkNotes(plan, "Caddy")],
    isTested: true,
  };
}

/** A complete file with which Caddy can be started. */
function mainFile(plan: RoutingPlan): ConfigurationPart {
  const { name, port, state, tls } = plan.deployment;
  const lines = [
    `# Caddy in front of ${name}.`,
    ...block("", [
      "# The configuration cannot be changed while Caddy runs.",
      "admin off",
      ...(port === HTTPS_PORT && tls.certificate === undefined
        ? []
        : ["# No certificate is requested.", "auto_https off"]),
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

/** A file that a site of the main one, /etc/caddy/Caddyfile, imports. */
function sitePart(plan: RoutingPlan): ConfigurationPart {
  const { deployment } = plan;
  requirePart(deployment, "Caddy");
  const path = `/etc/caddy/${ownName(deployment)}.caddy`;
  const head = `# ${deployment.name} at ${deployment.mount}, in a site of Caddy.`;
  return {
    files: [{ name: path, text: indentWithTabs(textOf([head, ...caddyPart(plan)])) }],
    additions: [
      {
        line: `import ${path}`,
        place: "in the site's block of /etc/caddy/Caddyfile, such as that of :80",
      },
    ],
    check: "caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile",
    run: "systemctl reload caddy",
    folders: [],
  };
}
