export const controllers = [class Bare {}];
