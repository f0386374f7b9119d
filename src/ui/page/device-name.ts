/**
 * What this device might be called, from what the browser says of itself.
 * @module
 */
import { words } from '../words.ts'

/** Guessed from the user agent; a person may type over it. */
export function suggestDeviceName({ userAgent }: { readonly userAgent: string }): string {
  const known = words.devices.find(([mark]) => userAgent.includes(mark))
  return known ? known[1] : words.deviceUnknown
}
