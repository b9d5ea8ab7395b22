// UnixOSProcessPlugin: of it only what reads the surroundings. Processes are no matter of this virtual machine.

export { primitiveGetCurrentWorkingDirectory } from "../environment";
