// The tests run as tsc compiled them (build/js), as ES modules: `npm test` sets node's option for that.

export default {
  testEnvironment: "node",
  roots: ["<rootDir>/build/js/test"],
  testMatch: ["**/*.test.js"],
  transform: {},
  testTimeout: 60_000,
  reporters: ["default", "<rootDir>/tools/countReporter.mjs"],
};
