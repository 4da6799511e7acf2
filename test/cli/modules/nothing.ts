export const somethingElse = [1, 2, 3];
