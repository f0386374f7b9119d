/**
 * Tells of every device that was let into the tree, on all the others: nobody is added in silence.
 * @module
 */
import type { DeviceLine, NodeApi, TreeStatus } from '../node/api.ts'
import type { Notices } from './notices.ts'
import type { ToldPort } from './ports.ts'
import { words } from './words.ts'

/** So long an addition is news, also to a device that slept meanwhile. */
const newsMs = 72 * 3_600_000

export class Newcomers {
  readonly #api: NodeApi
  readonly #notices: Notices
  readonly #told: ToldPort
  readonly #look: () => void
  #deviceCount = 1

  /** @param look goes where the devices are shown */
  constructor(api: NodeApi, notices: Notices, told: ToldPort, look: () => void) {
    this.#api = api
    this.#notices = notices
    this.#told = told
    this.#look = look
  }

  /** @param nowMs milliseconds since 1970 */
  async heard({ planted, deviceCount }: TreeStatus, nowMs: number): Promise<void> {
    if (!planted || deviceCount === this.#deviceCount) return
    this.#deviceCount = deviceCount
    const devices = await this.#api.devices().catch(() => {
      // It is asked again at the next change; the page of devices says why it can not be now.
      this.#deviceCount = 1
      return []
    })
    for (const { name, admittedAtMs } of newsOf(devices, this.#told.recall(), nowMs)) {
      this.#notices.news(words.added.text(name || words.added.unnamed), { label: words.added.look, act: this.#look })
      this.#told.keep(admittedAtMs)
    }
  }
}

/** Who came after this device did, lately, and was not told of yet; the first one first. */
function newsOf(devices: readonly DeviceLine[], toldUntilMs: number, nowMs: number): readonly DeviceLine[] {
  const ownMs = devices.find(({ isThis }) => isThis)?.admittedAtMs ?? nowMs
  const sinceMs = Math.max(ownMs, toldUntilMs, nowMs - newsMs)
  return devices
    .filter(({ isThis, admittedAtMs }) => !isThis && admittedAtMs > sinceMs)
    .toSorted((one, other) => one.admittedAtMs - other.admittedAtMs)
}
