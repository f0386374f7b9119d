/**
 * The passkeys of a tree's owner among several devices: a second one with its 72 hours, a lost one, and the card.
 */
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../core/bytes/bytes.ts'
import { setStepCountMax } from '../core/message/message.ts'
import type { PasskeyLine } from '../node/api.ts'
import { createSimBlob } from './blob.ts'
import { type Life, readAll } from './device.ts'
import { type SimulatedPasskey, createSimulatedPasskey } from './keys.ts'
import { keyUnder, rootKemSecretIn } from './testing/archive.ts'
import { Family, content, standing, takeOver } from './testing/family.ts'

const hourMs = 3_600_000
const [atHand, inDrawer, stolen] = [1, 2, 3].map((octet) =>
  createSimulatedPasskey(new Uint8Array(32).fill(octet), undefined, true),
) as [SimulatedPasskey, SimulatedPasskey, SimulatedPasskey]

const root = ({ page }: Life) => page.tree.root!
const idOf = (passkey: SimulatedPasskey): string =>
  Buffer.from(passkey.create(new Uint8Array(32)).credentialId).toString('base64url')
const countingOn = (life: Life): readonly string[] => root(life).passkeys.map(({ id }) => id)

/** Of a tree that begins with the card alone. */
async function addByCard(family: Family, life: Life, passkey: SimulatedPasskey): Promise<void> {
  const salt = await family.run(life, life.node.api.plantingSalt())
  const asked = await family.run(life, life.node.api.beginPasskey(passkey.create(salt), null))
  expect(asked.challenge === null).toBe(root(life).passkeys.length === 0)
  await family.run(life, life.node.api.finishPasskey(family.request(), family.words))
}

async function addByPasskey(
  family: Family,
  life: Life,
  signer: SimulatedPasskey,
  added: SimulatedPasskey,
): Promise<void> {
  const { api } = life.node
  const salt = await family.run(life, api.plantingSalt())
  const { id, prfSalt } = root(life).passkeys.find((line: PasskeyLine) => line.id === idOf(signer))!
  expect(id).toBe(idOf(signer))
  const unlocked = { credentialId: signer.create(salt).credentialId, prf: signer.unlock(prfSalt!) }
  const { challenge, credentialIds } = await family.run(life, api.beginPasskey(added.create(salt), unlocked))
  expect(credentialIds.map((one) => Buffer.from(one).toString('base64url'))).toEqual(countingOn(life))
  await family.run(life, api.finishPasskey(family.request(), signer.sign(challenge!)))
}

/** Draws a card and checks it. @returns its words */
async function drawCard(family: Family, life: Life): Promise<readonly string[]> {
  const { api } = life.node
  const { words, askedPositions } = await family.run(life, api.drawCard())
  expect(words).toHaveLength(12)
  const early = family.run(life, api.finishCard(family.request(), family.words))
  await expect(early).rejects.toMatchObject({ code: 'cardUnconfirmed' })
  const wrong = family.run(life, api.checkCard(askedPositions.map(() => 'abandon')))
  await expect(wrong).rejects.toMatchObject({ code: 'cardMismatch' })
  await family.run(life, api.checkCard(askedPositions.map((position) => words[position]!)))
  return words
}
async function exported(family: Family, life: Life): Promise<Bytes> {
  const id = await family.run(life, life.node.api.beginExport(family.request()))
  return family.run(life, readAll(life.node.api, id))
}
/** A browser with nothing in it, and what a card brings back there. */
async function recovering(family: Family, archive: Bytes, words: readonly string[]): Promise<Life> {
  const clean = await family.startAlone('clean')
  const blob = createSimBlob(archive, clean.process)
  await family.run(clean, clean.node.api.recover(family.request(), blob, words, 'Clean'))
  return clean
}

const all = (family: Family, what: string, isTrue: (life: Life) => boolean): Promise<void> =>
  family.until(what, () => family.lives.every(isTrue))

function pass(family: Family, hours: number): void {
  for (const { wall } of family.devices) wall.jump(hours * hourMs)
}

/** A tree with one passkey and the card, on three devices. */
async function planted(seed: number): Promise<Family> {
  const family = await Family.of(seed, 'laptop', 'phone', 'desk')
  await addByCard(family, family.lives[0]!, atHand)
  await all(family, 'the first passkey counts', (life) => root(life).passkeys.length === 1)
  return family
}

describe('a second passkey', () => {
  test('waits on every device, and one of them stops it', async () => {
    const family = await planted(1)
    const [laptop, phone] = family.lives as [Life, Life, Life]
    await addByPasskey(family, laptop, atHand, stolen)
    await all(family, 'all are told', (life) => root(life).pending?.id === idOf(stolen))
    const { pending } = root(phone)
    expect(pending!.countsAtMs - pending!.addedAtMs).toBe(72 * hourMs)
    expect(pending).toMatchObject({ isSynced: true, prfSalt: expect.any(Uint8Array) })
    const again = family.run(laptop, laptop.node.api.beginPasskey(inDrawer.create(new Uint8Array(32)), null))
    await expect(again).rejects.toMatchObject({ code: 'setPending' })
    await family.run(phone, phone.node.api.vetoPasskey(family.request()))
    await all(family, 'it is gone everywhere', (life) => root(life).pending === null)
    pass(family, 80)
    await family.add(phone, 'later', content(900))
    await all(family, 'it never counts', (life) => countingOn(life).join() === idOf(atHand))
  })

  test('counts after 72 hours, and signs where the first one is lost', async () => {
    const family = await planted(2)
    const [laptop, phone] = family.lives as [Life, Life, Life]
    await addByPasskey(family, laptop, atHand, inDrawer)
    await all(family, 'all are told', (life) => root(life).pending !== null)
    // The third device sleeps through all of it.
    await family.cutOff(2)
    pass(family, 72)
    laptop.process.kill()
    await family.until('it is missed', () => phone.page.tree.decider.quorum === 'away')
    const { api } = phone.node
    const asked = await family.run(phone, api.beginTakeOver())
    expect(asked.credentialIds).toHaveLength(2)
    const bad = family.run(phone, api.finishTakeOver(family.request(), stolen.sign(asked.challenge!)))
    await expect(bad).rejects.toMatchObject({ code: 'passkeyUnknown' })
    await family.run(phone, api.finishTakeOver(family.request(), inDrawer.sign(asked.challenge!)))
    await family.until('the phone decides', () => phone.page.tree.decider.quorum === 'here')
    expect(countingOn(phone)).toEqual([idOf(atHand), idOf(inDrawer)])
    expect(root(phone).passkeys.every(({ prfSalt }) => prfSalt !== null)).toBe(true)

    // What was lost is taken out by the card; it can not sign any more, and the other one can.
    await family.run(phone, api.removePasskey(family.request(), idOf(atHand), family.words))
    expect(countingOn(phone)).toEqual([idOf(inDrawer)])
    await family.run(phone, api.removePasskey(family.request(), idOf(atHand), family.words))

    // Who was away knows neither of the sets, and comes along all the same; so does the one that had decided.
    family.network.heal()
    await family.restart(0)
    await all(family, 'all go by the one that is left', (life) => countingOn(life).join() === idOf(inDrawer))
    await family.comeTogether()
  })
})

test('a tree has sixteen passkeys that open it, and says so when another one is to come', async () => {
  const family = await Family.of(9, 'laptop')
  const [laptop] = family.lives as [Life]
  const passkeyOf = (octet: number) => createSimulatedPasskey(new Uint8Array(32).fill(octet), undefined, true)
  for (let octet = 1; octet <= 16; octet++) await addByCard(family, laptop, passkeyOf(octet))
  expect(root(laptop).passkeys.filter(({ prfSalt }) => prfSalt !== null)).toHaveLength(16)
  await expect(addByCard(family, laptop, passkeyOf(17))).rejects.toMatchObject({ code: 'passkeysTooMany' })
  // One of another site takes the place of all of them.
  const elsewhere = createSimulatedPasskey(
    new Uint8Array(32).fill(17),
    { rpId: 'elsewhere.example', origin: 'https://elsewhere.example' },
    true,
  )
  const asked = await family.run(laptop, laptop.node.api.beginPasskey(elsewhere.create(new Uint8Array(32)), null))
  expect(asked.challenge).toBeNull()
  await family.run(laptop, laptop.node.api.finishPasskey(family.request(), family.words))
  expect(countingOn(laptop)).toEqual([idOf(elsewhere)])
})

test('passkeys sign at sixteen addresses of their site, of which the oldest gives way', async () => {
  const family = await Family.of(11, 'laptop')
  const [laptop] = family.lives as [Life]
  const passkeyOf = (octet: number, fill = octet) =>
    createSimulatedPasskey(
      new Uint8Array(32).fill(fill),
      { rpId: 'tree.example', origin: `https://${octet}.tree.example` },
      true,
    )
  const { api } = laptop.node
  for (let octet = 1; octet <= 17; octet++) {
    await family.run(laptop, api.beginPasskey(passkeyOf(octet).create(await api.plantingSalt()), null))
    await family.run(laptop, api.finishPasskey(family.request(), family.words))
    if (octet > 1 && octet < 17)
      await family.run(laptop, api.removePasskey(family.request(), idOf(passkeyOf(octet)), family.words))
  }
  expect(countingOn(laptop)).toEqual([1, 17].map((octet) => idOf(passkeyOf(octet))))
  // What is to be signed by a passkey can be signed at that address.
  const begun = (octet: number) =>
    family.run(laptop, api.beginPasskey(passkeyOf(octet, 99).create(new Uint8Array(32)), null))
  expect((await begun(1)).challenge).toBeNull()
  expect((await begun(2)).challenge).not.toBeNull()
  expect((await begun(17)).challenge).not.toBeNull()
})

test('a device that was away for more changes of the keys than are told at a time follows a take-over', async () => {
  const family = await planted(8)
  const [laptop, phone, desk] = family.lives as [Life, Life, Life]
  await family.cutOff(2)
  const { api } = laptop.node
  for (let changeCount = 0; changeCount <= setStepCountMax; changeCount += 2) {
    await family.run(laptop, api.removePasskey(family.request(), idOf(atHand), family.words))
    await addByCard(family, laptop, atHand)
  }
  await family.run(laptop, api.removePasskey(family.request(), idOf(atHand), family.words))
  await family.until('the phone has all', () => standing(phone).appliedIndex === standing(laptop).appliedIndex)
  laptop.process.kill()
  await takeOver(family, 1)
  family.network.heal()
  await family.until('it follows', () => standing(desk).generation === standing(phone).generation)
  expect(countingOn(desk)).toEqual([])
})

test('the card goes on after it has changed the keys, also on a browser that has nothing', async () => {
  const family = await planted(3)
  const [laptop] = family.lives as [Life, Life, Life]
  const { api } = laptop.node
  await addByCard(family, laptop, inDrawer)
  await family.run(laptop, api.removePasskey(family.request(), idOf(atHand), family.words))
  await family.add(laptop, 'letter', content(5000))
  const archive = await exported(family, laptop)
  expect(standing(laptop).keptCount).toBe(0)

  const clean = await family.startAlone('clean')
  const blob = createSimBlob(archive, clean.process)
  const foreign = 'legal winner thank year wave sausage worth useful legal winner thank yellow'.split(' ')
  const wrong = family.run(clean, clean.node.api.recover(family.request(), blob, foreign, 'Clean'))
  await expect(wrong).rejects.toMatchObject({ code: 'cardForeign' })
  await family.run(clean, clean.node.api.recover(family.request(), blob, family.words, 'Clean'))
  expect(countingOn(clean)).toEqual([idOf(inDrawer)])
  // And it signs once more.
  await family.run(clean, clean.node.api.removePasskey(family.request(), idOf(inDrawer), family.words))
  expect(root(clean).passkeys).toEqual([])
  expect([...clean.page.items.values()].some(({ name }) => name === 'letter')).toBe(true)
})

describe('another card', () => {
  test('to which the old one gives its place counts at once, time and again', async () => {
    const family = await planted(4)
    const [laptop, phone] = family.lives as [Life, Life, Life]
    await family.add(laptop, 'letter', content(5000))
    const before = await exported(family, laptop)
    // One that waits is stopped by it.
    await addByPasskey(family, laptop, atHand, stolen)
    const cards: (readonly string[])[] = [family.words]
    for (let count = 0; count < 3; count++) {
      const words = await drawCard(family, laptop)
      await family.run(laptop, laptop.node.api.finishCard(family.request(), cards.at(-1)!))
      cards.push(words)
    }
    await all(family, 'all go by it', (life) => root(life).cardSinceMs === root(laptop).cardSinceMs)
    for (const life of family.lives)
      expect(root(life)).toMatchObject({ passkeys: [{ id: idOf(atHand) }], pending: null })
    const [newest, ...earlier] = cards.toReversed()
    for (const words of earlier) {
      await drawCard(family, phone)
      const late = family.run(phone, phone.node.api.finishCard(family.request(), words))
      await expect(late).rejects.toMatchObject({ code: 'cardReplaced' })
    }
    const { events } = await family.run(laptop, laptop.node.api.audit())
    const replaced = events.filter((event) => event.kind === 'signersChanged' && event.isCardReplaced)
    expect(replaced).toHaveLength(3)
    expect(replaced[0]).toMatchObject({ by: 'recoveryCard', addedCount: 0, removedCount: 0 })

    // On a clean browser an archive opens with the card that counted when it was made, and with no other one.
    const after = await exported(family, laptop)
    await expect(recovering(family, before, newest!)).rejects.toMatchObject({ code: 'cardForeign' })
    await expect(recovering(family, after, family.words)).rejects.toMatchObject({ code: 'cardForeign' })
    // Nor with what the earlier card brings out of an earlier archive.
    const rootSecret = rootKemSecretIn(before, family.words)
    expect(rootSecret).toEqual(rootKemSecretIn(after, newest!))
    expect(keyUnder(after, rootSecret)).toBeNull()
    await recovering(family, before, family.words)
    const clean = await recovering(family, after, newest!)
    expect([...clean.page.items.values()].some(({ name }) => name === 'letter')).toBe(true)
    // It signs there.
    await family.run(clean, clean.node.api.removePasskey(family.request(), idOf(atHand), newest!))
    expect(root(clean).passkeys).toEqual([])
  })

  test('that was drawn and is not wanted is forgotten', async () => {
    const family = await planted(5)
    const [laptop] = family.lives as [Life, Life, Life]
    await drawCard(family, laptop)
    await family.run(laptop, laptop.node.api.abandonCard())
    const over = family.run(laptop, laptop.node.api.finishCard(family.request(), family.words))
    await expect(over).rejects.toMatchObject({ code: 'cardOver' })
  })
})
