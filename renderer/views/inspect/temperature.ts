/** The slider of a temperature, 1 to 50: even steps are even ratios. */

const HIGHEST = 50;
export const TEMPERATURE_STEPS = 60;

export function temperatureToStep(temperature: number): number {
  return Math.round((TEMPERATURE_STEPS * Math.log(temperature)) / Math.log(HIGHEST));
}

export function stepToTemperature(step: number): number {
  const exact = HIGHEST ** (step / TEMPERATURE_STEPS);
  return exact < 10 ? Math.round(exact * 10) / 10 : Math.round(exact);
}
