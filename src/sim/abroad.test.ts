/**
 * Links across trees on the real node: two owners with two devices each, what one shares and the other sees, and what becomes of it.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, accepted, equal, fromHex, keyOf } from '../core/bytes/bytes.ts'
import { decodeBulk, encodeBulk } from '../core/message/message.ts'
import { type Rendezvous, rendezvousBody } from '../core/tree/tree.ts'
import type { FarView } from '../node/api.ts'
import { placeOf } from '../node/own-tree.ts'
import { inPlace } from '../node/place.ts'
import { idFromText } from '../node/read/view.ts'
import type { Connection } from '../port/net.ts'
import type { CryptoPort } from '../port/platform.ts'
import { type Life, type Sabotage, readAll } from './device.ts'
import type { Process } from './process.ts'
import { Family, content, standing } from './testing/family.ts'
import { Guest } from './testing/guest.ts'
import { share, shareUntilTold } from './testing/shared.ts'

const folder = (family: Family, life: Life, name: string, parentId = life.page.tree.rootId) =>
  family.run(life, life.node.api.createFolder(family.request(), parentId, name))
const follow = (family: Family, life: Life, id: string) => family.run(life, life.node.api.followLink(id))
const look = (family: Family, life: Life, id: string) => family.run(life, life.node.api.lookFar(id))
const refusedWith = (code: string) => expect.objectContaining({ code })
const namesIn = ({ children }: FarView): readonly string[] => children.map(({ name }) => name).toSorted()
const named = (view: FarView, name: string) => view.children.find((child) => child.name === name)!

/** Ada shares a folder with a file in a folder in it; Ben keeps it. */
async function scene(sabotage?: Sabotage) {
  const ada = await Family.of(1, 'laptop', 'phone')
  const ben = await ada.beside(['desk', 'tablet'], sabotage)
  const [laptop, phone] = ada.lives as [Life, Life]
  const [desk, tablet] = ben.lives as [Life, Life]
  const photos = await folder(ada, laptop, 'photos')
  const summer = await folder(ada, laptop, 'summer', photos)
  const sea = await ada.add(laptop, 'sea.jpg', content(70_000), summer)
  await ada.add(laptop, 'secret', content(10))
  await ada.comeTogether()
  const link = await share(ada, laptop, photos, desk)
  await ben.until('both have the link', () => tablet.page.items.has(link))
  return { ada, ben, laptop, phone, desk, tablet, photos, summer, sea, link }
}
/** What is sealed of a block on each disk of a family. */
const sealedOf = ({ devices, lives }: Family, id: string): readonly string[] => {
  const prefix = inPlace(placeOf(fromHex(lives[0]!.page.tree.treeId)!), idFromText(id)!)
  return devices.map(({ disk }) =>
    [...disk.rows('object', prefix)]
      .map(({ key }) => keyOf(key))
      .toSorted()
      .join(),
  )
}
/** Nothing of a family is there. */
async function goAway(family: Family): Promise<void> {
  for (const { process } of family.lives) process.kill()
  await family.scheduler.run(family.scheduler.sleep(10_000))
}

describe('a folder of another owner’s tree', () => {
  test('is a link in the own one, which each own device follows, down to a file', async () => {
    const { ben, desk, tablet, photos, link } = await scene()
    for (const life of [desk, tablet]) {
      expect(life.page.items.get(link)).toMatchObject({ kind: 'link', name: 'photos' })
      const top = await follow(ben, life, link)
      expect(top).toBe(`${link}.${photos}`)
      const view = await look(ben, life, top)
      expect(await look(ben, life, link)).toEqual(view)
      expect(view).toMatchObject({ linkId: link, item: { name: 'photos', kind: 'folder', parentId: null } })
      expect(namesIn(view)).toEqual(['summer'])
      const inside = await look(ben, life, named(view, 'summer').id)
      expect(inside.path.map(({ name }) => name)).toEqual(['photos', 'summer'])
      const file = named(inside, 'sea.jpg')
      expect(file).toMatchObject({ kind: 'file', sizeBytes: 70_000, parentId: inside.item.id })
      expect(equal(await ben.run(life, readAll(life.node.api, file.id)), content(70_000))).toBe(true)
    }
  })

  test('is seen as it is now, also from the device that was not there when it was shared', async () => {
    const { ada, ben, laptop, tablet, photos, sea, link } = await scene()
    const told: string[] = []
    await ben.run(
      tablet,
      tablet.node.api.watch((event) => {
        if (event.kind === 'far') told.push(event.linkId)
      }),
    )
    const top = await follow(ben, tablet, link)
    told.length = 0
    await ada.run(laptop, laptop.node.api.move(ada.request(), sea, photos))
    await ada.add(laptop, 'hill.jpg', content(300), photos)
    await ben.until('it is told', () => told.includes(link))
    await ben.scheduler.run(ben.scheduler.sleep(5000))
    const view = await look(ben, tablet, top)
    expect(namesIn(view)).toEqual(['hill.jpg', 'sea.jpg', 'summer'])
    expect(equal(await ben.run(tablet, readAll(tablet.node.api, named(view, 'sea.jpg').id)), content(70_000))).toBe(
      true,
    )
  })

  test('is nobody’s to write in, and no device of the tree that it is in', async () => {
    const { ada, ben, laptop, desk, photos, summer, link } = await scene()
    const devices = await ada.run(laptop, laptop.node.api.devices())
    expect(devices.find(({ name }) => name === 'Ben’s tree')).toMatchObject({ limited: { mayWrite: false } })
    await expect(shareUntilTold(ada, laptop, { folderId: summer, mayWrite: true }, desk)).rejects.toEqual(
      refusedWith('linkReads'),
    )
    for (const parentId of [`${link}.${photos}`, photos])
      await expect(folder(ben, desk, 'mine', parentId)).rejects.toEqual(refusedWith('placeUnknown'))
  })

  test('with nobody there who has it is not seen, and the sentence says why; it is when one is back', async () => {
    const { ada, ben, desk, link } = await scene()
    await follow(ben, desk, link)
    await goAway(ada)
    await expect(follow(ben, desk, link)).rejects.toEqual(refusedWith('linkAway'))
    await ada.restart(1)
    await ada.restart(0)
    await ben.until('it is seen', () => true)
    await ben.scheduler.run(ben.scheduler.sleep(10_000))
    expect(namesIn(await look(ben, desk, await follow(ben, desk, link)))).toEqual(['summer'])
  })

  test('is kept over a restart, and followed by the device that starts anew', async () => {
    const { ben, link } = await scene()
    const desk = await ben.restart(0)
    await ben.untilConnected()
    expect(namesIn(await look(ben, desk, await follow(ben, desk, link)))).toEqual(['summer'])
  })
})

describe('what is taken back', () => {
  test('is seen no more, on no device, and the sentence says so', async () => {
    const { ada, ben, laptop, desk, tablet, link } = await scene()
    const top = await follow(ben, desk, link)
    const line = (await ada.run(laptop, laptop.node.api.devices())).find(({ name }) => name === 'Ben’s tree')!
    await ada.run(laptop, laptop.node.api.removeDevice(ada.request(), line.principal))
    await ben.scheduler.run(ben.scheduler.sleep(5000))
    for (const life of [desk, tablet]) {
      await expect(follow(ben, life, link)).rejects.toEqual(refusedWith('linkTakenBack'))
      await expect(look(ben, life, top)).rejects.toEqual(refusedWith('linkTakenBack'))
    }
    await ben.run(desk, desk.node.api.trash(ben.request(), link))
  })

  test('is seen no more when its time is over', async () => {
    const { ada, ben, desk, link } = await scene()
    await follow(ben, desk, link)
    for (const { wall } of [...ada.devices, ...ben.devices]) wall.jump(8 * 24 * 60 * 60 * 1000)
    await ben.scheduler.run(ben.scheduler.sleep(10_000))
    await expect(follow(ben, desk, link)).rejects.toEqual(refusedWith('linkAway'))
  })

  test('and what was deleted there is told apart from that', async () => {
    const { ada, ben, laptop, desk, photos, link } = await scene()
    await ada.run(laptop, laptop.node.api.trash(ada.request(), photos))
    await ben.scheduler.run(ben.scheduler.sleep(5000))
    await expect(follow(ben, desk, link)).rejects.toEqual(refusedWith('linkInTrash'))
    await ada.run(laptop, laptop.node.api.purge(ada.request(), null))
    await ben.scheduler.run(ben.scheduler.sleep(5000))
    await expect(follow(ben, desk, link)).rejects.toEqual(refusedWith('linkFolderGone'))
  })
})

/** Until a tree that nobody looks at is not met any more, and what was learned of it is in the link. */
const rest = (family: Family) => family.scheduler.run(family.scheduler.sleep(70_000))
const see = async (family: Family, life: Life, id: string) => look(family, life, await follow(family, life, id))

describe('where the other tree is met', () => {
  test('is kept in the link, for the device that was never there', async () => {
    const { ada, ben, desk, tablet, link } = await scene()
    const third = await ada.letInAlone('third')
    await follow(ben, desk, link)
    await rest(ben)
    for (const { process } of ada.lives) if (process !== third.process) process.kill()
    await rest(ben)
    expect(namesIn(await see(ben, tablet, link))).toEqual(['summer'])
  })

  test('is kept once where two devices learn of it at once, and of the other’s word no row is left', async () => {
    /** Whose own changes wait at the gate. */
    let waits: Process | null = null
    const waiting: (() => void)[] = []
    const { ada, ben, desk, tablet, link } = await scene((platform, process) => {
      const { crypto } = platform
      let hasSealed = false
      const seal: CryptoPort['seal'] = (plans) => {
        hasSealed = waits === process
        return crypto.seal(plans)
      }
      const verify: CryptoPort['verify'] = async (claims) => {
        const isHeld = hasSealed
        hasSealed = false
        if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve))
        return crypto.verify(claims)
      }
      return { ...platform, crypto: { ...crypto, seal, verify } }
    })
    await ada.letInAlone('third')
    waits = desk.process
    await follow(ben, desk, link)
    await ben.until('the desk has learned of it', () => waiting.length > 0)
    waits = null
    const { modifiedAtMs } = desk.page.items.get(link)!
    await follow(ben, tablet, link)
    await ben.until('the tablet was faster', () => desk.page.items.get(link)!.modifiedAtMs > modifiedAtMs)
    const { appliedIndex } = standing(desk)
    for (const goOn of waiting) goOn()
    await ben.until('the desk has lost', () => standing(desk).appliedIndex > appliedIndex)
    await ben.until('it has no more than the tablet', () => new Set(sealedOf(ben, link)).size === 1)
    expect(namesIn(await see(ben, desk, link))).toEqual(['summer'])
  })

  /** What each device of Ben hears is another than was said. */
  let bend: ((said: Rendezvous) => Rendezvous) | null = null
  /** What each of them hears is said of another tree than the one that it called. */
  let elsewhere: { readonly treeId: Bytes } | null = null
  const heard: Rendezvous[] = []
  const bending: Sabotage = (platform) => {
    const bent = (frame: Bytes | null): Bytes | null => {
      const bulk = frame === null ? null : decodeBulk(frame)
      if (bulk?.ok !== true || bulk.value.body.tag !== 'answer') return frame
      if (elsewhere !== null) return encodeBulk({ ...bulk.value, ...elsewhere })
      const { number, answer } = bulk.value.body.value
      if (answer.tag !== 'rendezvous') return frame
      heard.push(answer.value)
      const value = bend?.(answer.value) ?? answer.value
      return encodeBulk({ ...bulk.value, body: { tag: 'answer', value: { number, answer: { ...answer, value } } } })
    }
    const through = (connection: Connection): Connection =>
      new Proxy(connection, {
        get: (target, name) => {
          if (name === 'receive') return async (lane: 'control' | 'bulk') => bent(await target.receive(lane))
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        },
      })
    return {
      ...platform,
      net: {
        open: async (options) => {
          const net = await platform.net!.open(options)
          return {
            transportId: net.transportId,
            isBeside: (peer) => net.isBeside(peer),
            close: () => net.close(),
            dial: async (peer, relays) => {
              const dialled = await net.dial(peer, relays)
              return dialled.ok ? accepted(through(dialled.value)) : dialled
            },
          }
        },
      },
    }
  }
  const nowhere = [{ principal: new Uint8Array(32).fill(7), transportId: new Uint8Array(32) }]
  const changed = (said: Rendezvous, change: Partial<Rendezvous['fields']>): Rendezvous => {
    // The transport of nobody is still a key.
    const fields = {
      ...said.fields,
      devices: nowhere.map((each) => ({ ...each, transportId: said.fields.author.signingKey })),
      ...change,
    }
    return { fields, body: rendezvousBody(fields), signature: said.signature }
  }

  test.each<[string, (said: Rendezvous) => Rendezvous]>([
    ['forged', (said) => changed(said, {})],
    ['of another tree', (said) => changed(said, { treeId: new Uint8Array(32).fill(9) })],
    ['for ever', (said) => changed(said, { expiresAtMs: 2 * said.fields.expiresAtMs })],
    ['by a stranger', (said) => changed(said, { author: { ...said.fields.author, kemKey: said.fields.writecapHash } })],
  ])('is not believed where it is %s', async (_, how) => {
    bend = null
    const { ben, desk, tablet, link } = await scene(bending)
    bend = how
    await follow(ben, desk, link)
    await rest(ben)
    bend = null
    await ben.restart(0)
    expect(namesIn(await see(ben, tablet, link))).toEqual(['summer'])
  })

  test('and all else is not taken of another tree than the one that was called', async () => {
    bend = null
    const { ben, desk, link } = await scene(bending)
    elsewhere = { treeId: new Uint8Array(32).fill(9) }
    await expect(follow(ben, desk, link)).rejects.toEqual(refusedWith('linkAway'))
    elsewhere = null
    await rest(ben)
    await follow(ben, desk, link)
    expect(namesIn(await see(ben, desk, link))).toEqual(['summer'])
  })

  test('is not taken from what was true once and is said again', async () => {
    bend = null
    heard.length = 0
    const { ada, ben, desk, tablet, link } = await scene(bending)
    await follow(ben, desk, link)
    await rest(ben)
    const old = heard[0]!
    expect(old.fields.devices).toHaveLength(2)
    const third = await ada.letInAlone('third')
    await follow(ben, desk, link)
    await rest(ben)
    bend = () => old
    await follow(ben, desk, link)
    await rest(ben)
    bend = null
    for (const { process } of ada.lives) if (process !== third.process) process.kill()
    await rest(ben)
    expect(namesIn(await see(ben, tablet, link))).toEqual(['summer'])
  })
})

describe('another key of the folder', () => {
  /** Somebody else may read it as well, and is put out. */
  async function rekeyed() {
    const at = await scene()
    const { ada, laptop, photos } = at
    const guest = await Guest.of(ada, 'camera', { folderId: photos, mayWrite: false })
    await guest.untilConnected()
    const putOut = async () => {
      const line = (await ada.run(laptop, laptop.node.api.devices())).find(({ name }) => name === 'camera')!
      await ada.run(laptop, laptop.node.api.removeDevice(ada.request(), line.principal))
      return ada.add(laptop, 'after', content(5000), photos)
    }
    return { ...at, putOut }
  }

  test('comes to the link by itself, while it is looked at and while it is not', async () => {
    const { ben, desk, tablet, link, putOut } = await rekeyed()
    await follow(ben, desk, link)
    await putOut()
    await ben.scheduler.run(ben.scheduler.sleep(10_000))
    for (const life of [desk, tablet]) {
      const view = await see(ben, life, link)
      expect(namesIn(view)).toEqual(['after', 'summer'])
      expect(equal(await ben.run(life, readAll(life.node.api, named(view, 'after').id)), content(5000))).toBe(true)
    }
  })

  test('makes a device that has not heard of it one that shows what was, and is not believed', async () => {
    const { ada, ben, laptop, desk, tablet, link, putOut } = await rekeyed()
    ada.part(0, 1)
    await ada.scheduler.run(ada.scheduler.sleep(10_000))
    await putOut()
    // Whichever is met first, what the other says is newer.
    await follow(ben, desk, link)
    await ben.scheduler.run(ben.scheduler.sleep(10_000))
    expect(namesIn(await see(ben, desk, link))).toEqual(['after', 'summer'])
    await rest(ben)
    laptop.process.kill()
    await rest(ben)
    for (const life of [desk, tablet]) await expect(follow(ben, life, link)).rejects.toEqual(refusedWith('linkOlder'))
  })
})

describe('two owners share with each other', () => {
  test('and links lead through both trees and back into the own one', async () => {
    const { ada, ben, laptop, desk, tablet, photos, link } = await scene()
    const mine = await folder(ben, desk, 'mine')
    const toMine = await share(ben, desk, mine, laptop)
    await rest(ben)
    const back = await ada.run(
      laptop,
      laptop.node.api.addLink(ada.request(), photos, 'to Ben', await follow(ada, laptop, toMine)),
    )
    await rest(ben)
    const view = await see(ben, desk, link)
    expect(namesIn(view)).toEqual(['summer', 'to Ben'])
    expect(await follow(ben, desk, named(view, 'to Ben').id)).toBe(mine)
    const round = await ben.run(
      desk,
      desk.node.api.addLink(ben.request(), desk.page.tree.rootId, 'round', `${link}.${back}`),
    )
    await ben.until('the tablet has it', () => tablet.page.items.has(round))
    for (const life of [desk, tablet]) expect(await follow(ben, life, round)).toBe(mine)
  })
  test('and what a third shares with one of them is not the other’s to follow', async () => {
    const { ada, ben, laptop, desk, photos, link } = await scene()
    const eve = await ben.beside(['lathe'])
    const [lathe] = eve.lives as [Life]
    const tools = await folder(eve, lathe, 'tools')
    const toTools = await share(eve, lathe, tools, laptop)
    expect(await follow(ada, laptop, toTools)).toBe(`${toTools}.${tools}`)
    await ada.run(laptop, laptop.node.api.move(ada.request(), toTools, photos))
    await rest(ben)
    const view = await see(ben, desk, link)
    await expect(follow(ben, desk, named(view, 'tools').id)).rejects.toEqual(refusedWith('linkBeyond'))
  })
})

test('a guest in whose folder a link lies reads it, and does not follow it', async () => {
  const { ben, desk, link } = await scene()
  const home = await folder(ben, desk, 'for the camera')
  const guest = await Guest.of(ben, 'camera', { folderId: home })
  await ben.run(desk, desk.node.api.move(ben.request(), link, home))
  await ben.until('the guest has it', () => guest.life.page.items.has(link))
  await expect(follow(ben, guest.life, link)).rejects.toEqual(refusedWith('linkNotForGuests'))
  expect(namesIn(await see(ben, desk, link))).toEqual(['summer'])
})

test('who removes a device is told which links into other trees it can go on to follow', async () => {
  const { ben, desk, tablet } = await scene()
  const lines = await ben.run(desk, desk.node.api.devices())
  const principal = lines.find(({ name }) => name === 'tablet')!.principal
  expect(await ben.run(desk, desk.node.api.previewRemoval(principal))).toMatchObject({ farLinkNames: ['photos'] })
  expect(tablet.page.tree.isPlanted).toBe(true)
})

describe('the owner of what a removed device can go on to read', () => {
  /** What is reported of the links into a family's tree. */
  const reports = async (family: Family, life: Life) =>
    (await family.run(life, life.node.api.devices())).flatMap(({ name, report }) =>
      report === null ? [] : [[name, report.code]],
    )
  const removeTablet = async (ben: Family, desk: Life): Promise<void> => {
    const lines = await ben.run(desk, desk.node.api.devices())
    const { principal } = lines.find(({ name }) => name === 'tablet')!
    await ben.run(desk, desk.node.api.removeDevice(ben.request(), principal))
  }

  test('is told at once, and not of a link that is made afterwards', async () => {
    const { ada, ben, laptop, phone, desk, photos, link } = await scene()
    await follow(ben, desk, link)
    await ben.scheduler.run(ben.scheduler.sleep(10_000))
    expect(await reports(ada, laptop)).toEqual([])
    await rest(ben)
    await removeTablet(ben, desk)
    await ben.scheduler.run(ben.scheduler.sleep(60_000))
    for (const life of [laptop, phone]) expect(await reports(ada, life)).toEqual([['Ben’s tree', 'linkCompromised']])

    const [before] = (await ada.run(laptop, laptop.node.api.devices())).filter(({ limited }) => limited !== null)
    await ada.run(laptop, laptop.node.api.removeDevice(ada.request(), before!.principal))
    await ben.scheduler.run(ben.scheduler.sleep(300_000))
    const again = await share(ada, laptop, photos, desk)
    await follow(ben, desk, again)
    await ben.scheduler.run(ben.scheduler.sleep(10_000))
    for (const life of [laptop, phone]) expect(await reports(ada, life)).toEqual([])
  })

  test('is told when the link is next followed, where nobody was there', async () => {
    const { ada, ben, desk, link } = await scene()
    await goAway(ada)
    await removeTablet(ben, desk)
    await rest(ben)
    const back = [await ada.restart(1), await ada.restart(0)]
    await ben.scheduler.run(ben.scheduler.sleep(10_000))
    await follow(ben, desk, link)
    await ben.scheduler.run(ben.scheduler.sleep(60_000))
    for (const life of back) expect(await reports(ada, life)).toEqual([['Ben’s tree', 'linkCompromised']])
  })
})
