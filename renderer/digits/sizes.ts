/** Of one digit in a grid, in CSS pixels. */
export const DIGIT_SIZE = 48;
export const CELL_WIDTH = 60;
export const CELL_HEIGHT = 76;
