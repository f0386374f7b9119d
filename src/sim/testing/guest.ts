/**
 * A guest of a family: a device that joined by the calls of the page and was limited to a folder.
 * @module
 */
import type { DeviceChoice } from '../../node/api.ts'
import type { TransportId } from '../../port/net.ts'
import type { Life, SimDevice } from '../device.ts'
import { type Waiting, letInByCode } from '../family.ts'
import { type Family, standing, value } from './family.ts'

export const dayMs = 24 * 60 * 60 * 1000
type Limited = Extract<DeviceChoice, { kind: 'limited' }>

export class Guest {
  readonly #family: Family
  readonly device: SimDevice
  readonly name: string
  life: Life
  readonly transport: TransportId

  private constructor(family: Family, device: SimDevice, name: string, life: Life, transport: TransportId) {
    this.#family = family
    this.device = device
    this.name = name
    this.life = life
    this.transport = transport
  }

  /** Joins at a device of the family; what is not said is a new folder, to be written for seven days. */
  static async of(
    family: Family,
    name: string,
    choice: Partial<Limited> = {},
    host = family.lives[0]!,
  ): Promise<Guest> {
    const guest = await Guest.newcomer(family, name)
    if (!(await guest.join(host, choice))) throw new Error(`${name} did not join`)
    return guest
  }

  /** One that has not joined yet. */
  static async newcomer(family: Family, name: string): Promise<Guest> {
    const device = family.newDevice(name)
    const life = value(await family.scheduler.run(device.start()))
    return new Guest(family, device, name, life, await family.scheduler.run(device.keys.transportId()))
  }

  /** @param afterwards done when the root has signed @returns whether it has joined */
  async join(host: Life, wanted: Partial<Limited> = {}, afterwards = () => Promise.resolve()): Promise<boolean> {
    const family = this.#family
    const expiresAtMs = family.nowMs + 7 * dayMs
    const choice: Limited = { kind: 'limited', folderId: null, mayWrite: true, expiresAtMs, ...wanted }
    const waiting: Waiting = {
      run: (one, work) => family.run(one, work),
      until: (what, isTrue) => family.until(what, isTrue),
    }
    return letInByCode(waiting, host, this, family.words, choice, afterwards)
  }

  get isConnected(): boolean {
    return standing(this.life).peers.some(({ path }) => path !== null)
  }

  untilConnected(): Promise<void> {
    return this.#family.until('the guest is connected', () => this.isConnected)
  }

  /** No member can be reached. */
  async cutOff(): Promise<void> {
    for (const at of this.#family.lives.keys()) {
      this.#family.network.block(this.transport, this.#family.transport(at))
      this.#family.network.block(this.#family.transport(at), this.transport)
    }
    await this.#family.until('the guest is alone', () => !this.isConnected)
  }

  /** One member can be reached again. */
  rejoin(at: number): void {
    this.#family.network.unblock(this.transport, this.#family.transport(at))
    this.#family.network.unblock(this.#family.transport(at), this.transport)
  }

  async restart(): Promise<void> {
    this.life.process.kill()
    this.life = value(await this.#family.scheduler.run(this.device.start()))
  }

  named(name: string) {
    return [...this.life.page.items.values()].find((item) => item.name === name)
  }
}
