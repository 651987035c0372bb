// Figures as a person reads them, the same as in formatting.py.

function digits(number) {
  if (number === 0) return "0";
  if (Math.abs(number) >= 1000) return Math.round(number).toLocaleString("en-US");
  const text = String(Number(number.toPrecision(3)));
  return text.includes("e") ? number.toFixed(8).replace(/0+$/, "") : text;
}

// A fraction as per cent with one decimal; a tie goes to the even digit, as Python has it.
function percent(value) {
  const tenths = 1000 * value, whole = Math.floor(tenths);
  return ((tenths - whole === 0.5 ? whole + (whole % 2) : Math.round(tenths)) / 10).toFixed(1);
}

const interval = (point) => (point.low === null ? "no interval" : `${percent(point.low)} to ${percent(point.high)}`);

function scaleOf(unit, largest) {
  return unit.scales.find((scale) => largest >= scale.least) || unit.scales[unit.scales.length - 1];
}

function amount(unit, value, largest = value) {
  const scale = scaleOf(unit, largest);
  return `${scale.before}${digits(value / scale.factor)}${scale.after}`;
}

const times = (family, k) => family.times.replace("{k}", k.toLocaleString("en-US"));
