/** Of one digit in a grid, in CSS pixels: with its words below it, or plain. */
export const CAPTIONED = { digit: 48, width: 60, height: 76, top: 5 } as const;
export const PLAIN = { digit: 42, width: 48, height: 48, top: 3 } as const;
