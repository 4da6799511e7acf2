export const EXAMPLE: string;
export function portOf(text?: string): number;
export function tryPort(port: number): Promise<void>;
