/**
 * Tells of every device that was let into the tree, on all the others: nobody is added in silence, and each of them can put it out
 * again with one tap.
 * @module
 */
import type { DeviceLine, NodeApi, TreeStatus } from '../node/api.ts'
import { sentenceOf } from './fault.ts'
import type { Notices } from './notices.ts'
import type { ToldPort } from './ports.ts'
import { words } from './words.ts'

/** So long an addition is news, also to a device that slept meanwhile. */
const newsMs = 72 * 3_600_000

export class Newcomers {
  readonly #api: NodeApi
  readonly #notices: Notices
  readonly #told: ToldPort
  #deviceCount = 1
  /** Ids of what is told, by the principals of whom it is about. */
  readonly #shown = new Map<string, number>()

  constructor(api: NodeApi, notices: Notices, told: ToldPort) {
    this.#api = api
    this.#notices = notices
    this.#told = told
  }

  /** @param nowMs milliseconds since 1970 */
  async heard({ isPlanted, deviceCount: ownCount, guestCount }: TreeStatus, nowMs: number): Promise<void> {
    const deviceCount = ownCount + guestCount
    if (!isPlanted || deviceCount === this.#deviceCount) return
    this.#deviceCount = deviceCount
    const devices = await this.#api.devices().catch(() => null)
    // It is asked again at the next change; the page of devices says why it can not be now.
    if (devices === null) return void (this.#deviceCount = 1)
    for (const [principal, noticeId] of this.#shown)
      if (!devices.some((device) => device.principal === principal)) {
        this.#shown.delete(principal)
        this.#notices.dismiss(noticeId)
      }
    for (const { name, principal, admittedAtMs, limited } of newsOf(devices, this.#told.recall(), nowMs)) {
      const shown = name || words.added.unnamed
      const text = limited ? words.added.limited(shown, limited.folderName) : words.added.text(shown)
      const action = { label: words.added.undo, act: () => this.#undo(principal, shown) }
      this.#shown.set(principal, this.#notices.news(text, action))
      this.#told.keep(admittedAtMs)
    }
  }

  async #undo(principal: string, name: string): Promise<void> {
    try {
      // There was no preview, and this is what nobody sees afterwards.
      const preview = await this.#api.previewRemoval(principal).catch(() => null)
      await this.#api.removeDevice(crypto.randomUUID(), principal)
      this.#notices.done(words.removed.done(name))
      const links = preview?.farLinkNames ?? []
      if (links.length > 0) this.#notices.problem(words.removed.farLinks(name, links))
    } catch (error) {
      this.#notices.problem(sentenceOf(error), {
        label: words.again,
        act: () => this.#undo(principal, name),
      })
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
