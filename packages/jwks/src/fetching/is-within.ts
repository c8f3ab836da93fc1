/** Whether `now` lies in the `seconds` after `since`. A clock that was set back is in no such span. */
export function isWithin(now: number, since: number, seconds: number): boolean {
  return now >= since && now - since < seconds;
}
