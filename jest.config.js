// Tests must not depend on the machine's time zone.
process.env.TZ = 'UTC';

const base = require('./.config/jest.config');
const { grafanaESModules, nodeModulesToTransform } = require('./.config/jest/utils');

// Packages beyond the scaffold's list that ship only ES modules; jest runs CommonJS.
const esModules = [...grafanaESModules, '@marcbachmann/cel-js', '@react-hookz/web', '@ver0/deep-equal'];

const [swc] = Object.values(base.transform);

module.exports = {
  ...base,
  // Editors of many parts are slow to draw while other work keeps the machine busy.
  testTimeout: 120_000,
  // The scaffold leaves out .mjs, which d3-color and d3-interpolate use.
  transform: { '^.+\\.m?[jt]sx?$': swc },
  transformIgnorePatterns: [nodeModulesToTransform(esModules)],
};
