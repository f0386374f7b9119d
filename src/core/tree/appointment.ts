/**
 * Appointments: whom the owner has chosen to decide about the tree, in place of whom the tree would choose itself (design §7).
 *
 * It is a wish that stands in the log, and no change of the members: whoever leads brings these in line with it, and the next one
 * goes on where that was cut short. Each names its place among all that were made, so that an old one never comes back.
 * @module
 */
import {
  type Bytes,
  type Codec,
  type Decoded,
  type Result,
  type Signed,
  accepted,
  bytesOf,
  compare,
  encode,
  equal,
  listOf,
  record,
  refused,
  signedOver,
  u53,
} from '../bytes/bytes.ts'
import { type Claim, publicCredentialWire, signedBy } from '../crypto/crypto.ts'
import { type TreeId, treeIdWire } from '../path/path.ts'

/** Of these three may be away; with more than that every change takes longer than it helps. */
export const deciderCountMax = 7
export const appointmentDomain = 'blocktree/1/appointment'
const bodySizeBytesMax = 1024

const appointmentBodyWire = record('appointment', 1, {
  treeId: treeIdWire,
  /** From 1 on, one more than that of the one before. */
  version: u53,
  /** Principals, in ascending order; empty: the tree chooses itself. */
  deciders: listOf(bytesOf(32), deciderCountMax),
  author: publicCredentialWire,
  writecapHash: bytesOf(32),
})
export type AppointmentBody = Decoded<typeof appointmentBodyWire>

/** With the signature of one of the owner's devices. */
export type Appointment = Signed<AppointmentBody>

/** The octets that the device signs under `appointmentDomain`. */
export const appointmentBody = (fields: AppointmentBody): Bytes => encode(appointmentBodyWire, fields)

export const appointmentWire: Codec<Appointment> = signedOver(appointmentBodyWire, bodySizeBytesMax, bytesOf(64))

/** What must verify; refused where it contradicts itself or is of another tree. */
export function claimOfAppointment({ fields, body, signature }: Appointment, treeId: TreeId): Result<Claim> {
  const { deciders, version } = fields
  if (!equal(fields.treeId, treeId)) return refused('deviceForeign', 'This choice is about another tree.')
  const isOrdered = deciders.every((one, at) => at === 0 || compare(deciders[at - 1]!, one) < 0)
  if (!isOrdered || version === 0)
    return refused('recordInconsistent', 'This record contradicts itself; it was not used.')
  return accepted(signedBy(fields.author, appointmentDomain, body, signature))
}
