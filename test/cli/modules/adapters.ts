import { nodeListener } from "tricorn/adapters";

export const controllers = [
  nodeListener(() => {}, { path: "/api" }),
  nodeListener(() => {}, { path: "/live", streams: true }),
];
