export let lowSpace: bool = false;
export let mournersPending: bool = false;
export function clearLowSpace(): void {
  lowSpace = false;
}
export function clearMournersPending(): void {
  mournersPending = false;
}
export let objectsMoved: bool = false;
export function collectAll(compact: bool): void {}
export function collectYoung(): void {}
