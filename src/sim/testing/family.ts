/**
 * A family of simulated devices for tests of nodes among each other: one tree, one network, one time.
 * @module
 */
import { type Bytes, fromHex } from '../../core/bytes/bytes.ts'
import type { TransportId } from '../../port/net.ts'
import { createSimBlob } from '../blob.ts'
import { type Life, type Outcome, type Sabotage, SimDevice, type World, readAll, settle } from '../device.ts'
import { Disk } from '../disk.ts'
import { admit, letIn, plant } from '../family.ts'
import { SimNetwork } from '../net.ts'
import { Process } from '../process.ts'
import { Random } from '../random.ts'
import { Scheduler } from '../scheduler.ts'
import { SimStore } from '../store.ts'
import { Trace } from '../trace.ts'
import { drain } from './drain.ts'

const quiet = { onCrash() {}, onFull() {}, onSuperseded() {}, onBrokenSignature() {} }

export class Family {
  readonly scheduler: Scheduler
  readonly network: SimNetwork
  readonly devices: SimDevice[]
  readonly lives: Life[] = []
  /** Of the card. */
  words: readonly string[] = []
  readonly #world: World
  #transports: readonly TransportId[] = []
  #requestCount = 0

  /** @param beside another family, which lives in the same world */
  constructor(seed: number, names: readonly string[], beside: Family | null = null, sabotage?: Sabotage) {
    const random = Random.fromSeed(seed)
    const trace = new Trace()
    this.scheduler = beside?.scheduler ?? new Scheduler(drain)
    this.network = beside?.network ?? new SimNetwork(this.scheduler, random.fork('network'), trace)
    this.#world = beside === null ? { scheduler: this.scheduler, trace, random } : beside.#world
    const options = { network: this.network, sabotage }
    this.devices = names.map((name) => new SimDevice(this.#world, name, new Disk(), quiet, options))
  }

  static of(seed: number, ...names: readonly string[]): Promise<Family> {
    return Family.#plant(new Family(seed, names), names)
  }
  /** Another owner's, in the same world. */
  beside(names: readonly string[], sabotage?: Sabotage): Promise<Family> {
    return Family.#plant(new Family(0, names, this, sabotage), names)
  }

  static async #plant(family: Family, names: readonly string[]): Promise<Family> {
    for (const device of family.devices) family.lives.push(value(await family.scheduler.run(device.start())))
    family.#transports = await family.scheduler.run(Promise.all(family.devices.map(({ keys }) => keys.transportId())))
    const [host] = family.lives
    const words = (family.words = await family.scheduler.run(plant(host!)))
    const treeId = fromHex(host!.page.tree.treeId)!
    for (const [at, guest] of family.lives.entries())
      if (guest !== host)
        await family.run(
          guest,
          letIn(host!, guest, family.devices[at]!, treeId, words, family.devices[0]!.wall.offsetMs, names[at]),
        )
    await family.untilConnected()
    return family
  }

  /** Until each can give its changes to whoever leads. */
  untilConnected(): Promise<void> {
    return this.until('all are connected', () =>
      this.lives.every((life) => standing(life).peers.every(({ path }) => path !== null)),
    )
  }

  /** One device can not be reached by the others, nor reach them. */
  async cutOff(at: number): Promise<void> {
    const alone = this.#transports[at]!
    for (const other of this.#transports) {
      if (other === alone) continue
      this.network.block(alone, other)
      this.network.block(other, alone)
    }
    await this.until('it is alone', () => standing(this.lives[at]!).peers.every(({ path }) => path === null))
  }

  /** Two devices can not reach each other, whoever else can reach them. */
  part(one: number, other: number): void {
    this.network.block(this.transport(one), this.transport(other))
    this.network.block(this.transport(other), this.transport(one))
  }
  /** They can again. */
  rejoin(one: number, other: number): void {
    this.network.unblock(this.transport(one), this.transport(other))
    this.network.unblock(this.transport(other), this.transport(one))
  }

  /** As soon as a device is connected to all that it knows; what they say to each other then has not come yet. */
  async untilMet(life: Life): Promise<void> {
    while (!standing(life).peers.every(({ path }) => path !== null)) await this.scheduler.run(this.scheduler.sleep(1))
  }

  /** All can reach each other again, and what was kept anywhere has been taken everywhere. */
  async comeTogether(): Promise<void> {
    this.network.heal()
    await this.untilConnected()
    await this.until('all hold the same', () => {
      const standings = this.lives.map(standing)
      const { appliedIndex } = standings[0]!
      return standings.every(
        (each) => each.appliedIndex === appliedIndex && each.keptCount === 0 && each.lackingCount === 0,
      )
    })
  }

  /** The same, where one of them was put out. */
  comeTogetherWithout(at: number): Promise<void> {
    const rest = this.lives.filter((_, other) => other !== at)
    return this.until('the others hold the same', () => {
      const standings = rest.map(standing)
      const { appliedIndex } = standings[0]!
      return standings.every(
        (each) =>
          each.appliedIndex === appliedIndex &&
          each.keptCount === 0 &&
          each.lackingCount === 0 &&
          each.peers.every(({ path }) => path !== null),
      )
    })
  }

  /** The process dies and the device starts again. */
  async restart(at: number): Promise<Life> {
    this.lives[at]!.process.kill()
    return (this.lives[at] = value(await this.scheduler.run(this.devices[at]!.start())))
  }

  /** All that lies on a device is lost, but for its keys; it comes back and takes part again. */
  async loseStorage(at: number): Promise<Life> {
    const [host] = this.lives
    this.lives[at]!.process.kill()
    const device = (this.devices[at] = this.newDevice(this.devices[at]!.name, this.devices[at]!.lifeCount))
    const life = (this.lives[at] = value(await this.scheduler.run(device.start())))
    await this.run(
      life,
      host!.node.membership.address().then((to) => life.node.membership.join(to)),
    )
    return life
  }

  /** By the clock of the first device. */
  get nowMs(): number {
    return this.devices[0]!.wall.offsetMs + this.scheduler.nowMs
  }

  /** What lies on the disk of a device whose process has died. */
  storeOf(at: number): SimStore {
    return this.storeIn(this.devices[at]!.disk)
  }

  /** A device with nothing on it, which the others can meet. */
  newDevice(name: string, livesBefore = 0, sabotage?: Sabotage): SimDevice {
    return new SimDevice(this.#world, name, new Disk(), quiet, { network: this.network, livesBefore, sabotage })
  }

  /** What lies on the disk of any device whose process has died. */
  storeIn(disk: Disk): SimStore {
    const { scheduler, trace, random } = this.#world
    return new SimStore(disk, new Process(scheduler), random.fork('reader'), trace, quiet)
  }

  /** One more device, let in by one of them while others may be away. */
  async letInAlone(name: string, host = this.lives[0]!): Promise<Life> {
    const device = this.newDevice(name)
    const { offsetMs } = this.devices[0]!.wall
    device.wall.jump(offsetMs - device.wall.offsetMs)
    const life = value(await this.scheduler.run(device.start()))
    const treeId = fromHex(this.lives[0]!.page.tree.treeId)!
    await this.run(life, letIn(host, life, device, treeId, this.words, offsetMs, name))
    this.devices.push(device)
    this.lives.push(life)
    this.#transports = [...this.#transports, await this.scheduler.run(device.keys.transportId())]
    return life
  }

  /** Takes a device in that does not know of it. */
  admit(device: SimDevice, host = this.lives[0]!): Promise<void> {
    const treeId = fromHex(host.page.tree.treeId)!
    return this.run(host, admit(host, device, treeId, this.words, this.devices[0]!.wall.offsetMs))
  }

  /** A device with nothing on it and nobody around it. */
  async startAlone(name: string): Promise<Life> {
    return value(await this.scheduler.run(new SimDevice(this.#world, name, new Disk(), quiet).start()))
  }

  transport(at: number): TransportId {
    return this.#transports[at]!
  }

  run<T>(life: Life, work: Promise<T>): Promise<T> {
    return this.scheduler.run(settle(life.process, work)).then(value)
  }
  request(): string {
    return `request ${++this.#requestCount}`
  }
  add(life: Life, name: string, content: Bytes, parentId = life.page.tree.rootId): Promise<string> {
    const blob = createSimBlob(content, life.process)
    return this.run(life, life.node.api.addFile(this.request(), parentId, name, blob))
  }
  write(life: Life, id: string, content: Bytes): Promise<void> {
    return this.run(life, life.node.api.writeFile(this.request(), id, createSimBlob(content, life.process)))
  }
  read(life: Life, id: string): Promise<Bytes> {
    return this.run(life, readAll(life.node.api, id))
  }
  async until(what: string, isTrue: () => boolean): Promise<void> {
    const endMs = this.scheduler.nowMs + 10 * 60_000
    while (!isTrue()) {
      if (this.scheduler.nowMs > endMs) throw new Error(`never came about: ${what}`)
      await this.scheduler.run(this.scheduler.sleep(200))
    }
  }
  async allVote(): Promise<void> {
    const [host, ...guests] = this.lives
    await this.until('the guests have caught up', () => {
      const { appliedIndex, learners } = standing(host!)
      return learners.length === guests.length && guests.every((guest) => standing(guest).appliedIndex >= appliedIndex)
    })
    // All at once: two would be one again.
    host!.node.membership.letVote(guests.map((guest) => fromHex(standing(guest).nodeId.slice(0, 64))!))
    await this.until('the guests vote', () => standing(host!).voters.length === this.lives.length)
  }
}
export const value = <T>(outcome: Outcome<T>): T => {
  if (outcome.kind === 'done') return outcome.value
  throw outcome.kind === 'failed' ? outcome.error : new Error('the process died')
}
export const standing = (life: Life) => life.node.membership.standing()
/** Octets that are the same for the same size. */
export const content = (sizeBytes: number): Bytes => Random.fromSeed(sizeBytes).bytes(sizeBytes)

/** Takes over by the card. */
export async function takeOver(family: Family, at: number): Promise<void> {
  const life = family.lives[at]!
  await family.until('nobody decides', () => life.page.tree.decider.quorum === 'away')
  const asked = await family.run(life, life.node.api.beginTakeOver())
  if (asked.challenge !== null) throw new Error('passkeys speak for the root here')
  await family.run(life, life.node.api.finishTakeOver(family.request(), family.words))
}
