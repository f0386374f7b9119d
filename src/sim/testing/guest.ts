/**
 * A guest of a family: a device that joined by the calls of the page and was limited to a folder.
 * @module
 */
import type { DeviceChoice, Inviting, Joining } from '../../node/api.ts'
import type { TransportId } from '../../port/net.ts'
import type { Life, SimDevice } from '../device.ts'
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
    const { life } = this
    const expiresAtMs = family.nowMs + 7 * dayMs
    const choice: Limited = { kind: 'limited', folderId: null, mayWrite: true, expiresAtMs, ...wanted }
    let inviting: Inviting | null = null
    let joining: Joining | null = null
    const isAt = (one: Inviting['stage'], other?: Joining['stage']): boolean =>
      inviting?.stage === one && (other === undefined || joining?.stage === other)
    const watchId = await family.run(
      host,
      host.node.api.watch((event) => {
        if (event.kind === 'inviting') inviting = event.inviting
      }),
    )
    await family.run(
      life,
      life.node.api.watch((event) => {
        if (event.kind === 'joining') joining = event.joining
      }),
    )
    await family.run(host, host.node.api.invite())
    const code = (inviting as Inviting | null)?.stage === 'code' ? (inviting as unknown as { code: string }).code : ''
    await family.run(life, life.node.api.join(code, this.name))
    await family.until('the question whose tree it is', () => joining?.stage === 'confirm')
    await family.run(life, life.node.api.confirmJoining())
    await family.until('digits', () => isAt('digits', 'digits'))
    await family.run(host, host.node.api.typeDigits((joining as unknown as { digits: string }).digits))
    await family.until('the question what it may', () => isAt('approval'))
    await family.run(host, host.node.api.choose(choice))
    await family.run(host, host.node.api.approve(family.words))
    await afterwards()
    const ends = ['admitted', 'joined', 'ended']
    await family.until('the end', () => [inviting, joining].every((side) => ends.includes(side?.stage ?? '')))
    await family.run(host, host.node.api.unwatch(watchId))
    return isAt('admitted', 'joined')
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

  async restart(): Promise<void> {
    this.life.process.kill()
    this.life = value(await this.#family.scheduler.run(this.device.start()))
  }

  named(name: string) {
    return [...this.life.page.items.values()].find((item) => item.name === name)
  }
}
