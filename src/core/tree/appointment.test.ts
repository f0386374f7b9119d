import { describe, expect, test } from 'vitest'
import { atOnce, must, toHex } from '../bytes/bytes.ts'
import { principalOf, verifyClaim } from '../crypto/crypto.ts'
import { rights } from '../cap/cap.ts'
import { get, set } from '../merkle/merkle.ts'
import type { Appointment } from './appointment.ts'
import { examineArrival } from './arrival.ts'
import type { Operation } from './batch.ts'
import { excerptFor } from './excerpt.ts'
import { type TreeState, appointedIn, appointmentOf, encodeRow, keys } from './state.ts'
import {
  type Person,
  alice,
  aliceCap,
  appointed,
  change,
  childPath,
  commit,
  dismissedBy,
  founded,
  hash,
  id,
  mallory,
  newDirectory,
  ownerCap,
  person,
  root,
  takeOver,
  verdict,
  withDevice,
} from './testing/forest.ts'

const [phone, desk, guest] = [person(3), person(4), person(5)]
const phoneCap = ownerCap(phone)
const mail = childPath(root, id(1))
const guestCap = ownerCap(guest, mail, rights.write)
const of = ({ credential }: Person): string => toHex(principalOf(credential))

/** Alice's device, a phone and a desk are her own; a guest has one folder. */
const planted = commit(founded(), [change(newDirectory(root, id(1)))]).state
const grown = withDevice(withDevice(withDevice(planted, phone), desk), guest, guestCap)
const after = (state: TreeState, ...operations: readonly Operation[]): TreeState =>
  operations.reduce((before, operation) => {
    const { state: next, outcomes } = commit(before, [operation])
    expect(outcomes[0]).toMatchObject({ ok: true })
    return next
  }, state)
const chosenIn = (state: TreeState): readonly string[] | null => appointedIn(state)?.map(toHex) ?? null
const names = (...people: readonly Person[]): readonly string[] => people.map(of).toSorted()

/** What gate 1 says, or what the fold does. */
function outcome(operation: Operation, state = grown): string {
  try {
    return verdict(state, operation)
  } catch (error) {
    return `gate 1: ${(error as Error).message.split(':')[0]}`
  }
}

describe('whom the owner chooses to decide', () => {
  test('is nobody at first, then those who were chosen last, then nobody again', () => {
    expect(chosenIn(grown)).toBeNull()
    const three = after(grown, appointed(grown, [alice, phone, desk]))
    expect(chosenIn(three)).toEqual(names(alice, phone, desk))
    const one = after(three, appointed(three, [desk], phone, phoneCap))
    expect(chosenIn(one)).toEqual(names(desk))
    expect(chosenIn(after(one, appointed(one, [])))).toBeNull()
  })

  test('asked again it changes nothing; an older choice does not come back', () => {
    const first = appointed(grown, [phone])
    const chosen = after(grown, first)
    expect(commit(chosen, [first]).outcomes).toEqual([{ ok: true, repeated: true }])
    const other = after(chosen, appointed(chosen, [desk]))
    expect(outcome(first, other)).toBe('raceLost')
    expect(outcome(appointed(grown, [alice]), other)).toBe('raceLost')
    expect(outcome(appointed(other, [alice], alice, aliceCap, { version: 4 }), other)).toBe('raceLost')
  })

  test('ends with the first of them that is put out, and stays where another one is', () => {
    const chosen = after(grown, appointed(grown, [alice, phone]))
    expect(chosenIn(after(chosen, dismissedBy(desk, alice, aliceCap)))).toEqual(names(alice, phone))
    const without = after(chosen, dismissedBy(phone, alice, aliceCap))
    expect(chosenIn(without)).toBeNull()
    expect(chosenIn(after(without, appointed(without, [desk])))).toEqual(names(desk))
  })

  test('ends where somebody takes the tree over', () => {
    const chosen = after(grown, appointed(grown, [alice, phone, desk]))
    expect(chosenIn(after(chosen, takeOver(chosen, phone, undefined, phoneCap)))).toBeNull()
  })

  test.each([
    { name: 'a guest’s device', by: appointed(grown, [alice, guest]), fault: 'deciderUnfit' },
    { name: 'a stranger’s device', by: appointed(grown, [mallory]), fault: 'deciderUnfit' },
    { name: 'by a guest', by: appointed(grown, [alice], guest, guestCap), fault: 'pathOutsideScope' },
    { name: 'by a stranger', by: appointed(grown, [alice], mallory, aliceCap), fault: 'writecapNotHeld' },
    {
      name: 'of another tree',
      by: appointed(grown, [alice], alice, aliceCap, { treeId: hash(1) }),
      fault: 'gate 1: deviceForeign',
    },
    {
      name: 'one device twice',
      by: appointed(grown, [phone, phone]),
      fault: 'gate 1: recordInconsistent',
    },
    {
      name: 'in the name of another device',
      by: signedBy(phone, appointed(grown, [alice])),
      fault: 'gate 1: signatureInvalid',
    },
  ])('refused: $name', ({ by, fault }) => {
    expect(outcome(by)).toBe(fault)
  })

  test('refused: a device that was put out, and by one', () => {
    const without = after(grown, dismissedBy(phone, alice, aliceCap))
    expect(outcome(appointed(without, [phone]), without)).toBe('deciderUnfit')
    expect(outcome(appointed(without, [alice], phone, phoneCap), without)).toBe('writecapRevoked')
  })
})

describe('in a state that came from elsewhere', () => {
  const chosen = after(grown, appointed(grown, [alice, phone, desk]))
  const row = appointmentOf(chosen)!
  const withRow = (appointment: Appointment): TreeState => ({
    ...chosen,
    map: set(chosen.map, keys.appointment, encodeRow('appointment', { ...row, appointment })),
  })
  const appointmentIn = (operation: Operation): Appointment =>
    (operation.value as { appointment: Appointment }).appointment

  test('its signature is verified', () => {
    expect(must(atOnce(examineArrival(chosen, null))).every(verifyClaim)).toBe(true)
    const forged = appointmentIn(signedBy(phone, appointed(grown, [phone])))
    expect(must(atOnce(examineArrival(withRow(forged), null))).every(verifyClaim)).toBe(false)
  })

  test('refused: by who may not', () => {
    const byGuest = appointmentIn(appointed(grown, [guest], guest, guestCap))
    expect(atOnce(examineArrival(withRow(byGuest), null))).toMatchObject({ fault: { code: 'stateUnfitting' } })
    const unheld = appointmentIn(appointed(grown, [phone], phone, aliceCap))
    expect(atOnce(examineArrival(withRow(unheld), null))).toMatchObject({ fault: { code: 'stateUnfitting' } })
  })

  test('is no guest’s business', () => {
    expect(get(chosen.map, keys.appointment)).not.toBeNull()
    expect(get(excerptFor(chosen, principalOf(guest.credential))!.map, keys.appointment)).toBeNull()
  })
})

/** The same under the signature of somebody else. */
function signedBy(person: Person, operation: Operation): Operation {
  const other = appointed(grown, [desk], person)
  const { appointment } = operation.value as { appointment: Appointment }
  const { signature } = (other.value as { appointment: Appointment }).appointment
  return { tag: 'appoint', value: { appointment: { ...appointment, signature } } }
}
