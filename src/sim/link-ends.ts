/**
 * Where links lead, found without the node: from what a device shows, and from what each link was made for.
 * @module
 */
import type { Item } from '../node/api.ts'
import type { Findings, Model } from './checker.ts'
import { isGone } from './contest.ts'
import { type Life, settle } from './device.ts'

/** By the ids of links, the ids of what they were made for. */
export type Targets = ReadonlyMap<string, string>
type Seen = ReadonlyMap<string, Item>

const linkCountMax = 16

export const targetsIn = ({ items }: Model): Targets =>
  new Map([...items.values()].flatMap(({ id, targetId }) => (targetId === undefined ? [] : [[id, targetId]])))

/**
 * @param away the code where something is not shown
 * @returns the id of the end, or the code of the refusal; null where nobody knows for what one of the links was made
 */
export function naiveEnd(seen: Seen, targets: Targets, start: string, away: string): string | null {
  const passed = new Set<string>()
  let id = start
  while (seen.get(id)!.kind === 'link') {
    if (passed.has(id)) return 'linkCycle'
    if (passed.size === linkCountMax) return 'linkTooDeep'
    passed.add(id)
    const target = targets.get(id)
    if (target === undefined) return null
    const item = seen.get(target)
    if (item === undefined) return away
    if (isGone(seen, item)) return 'linkInTrash'
    id = target
  }
  return id
}

/** All links that a device shows, by their ids: what each leads to, or why not. */
export async function followAll({ node, page, process }: Life): Promise<ReadonlyMap<string, string>> {
  const ends = new Map<string, string>()
  for (const { id, kind } of page.items.values()) {
    if (kind !== 'link') continue
    const end = await settle(process, node.api.followLink(id))
    ends.set(id, end.kind === 'done' ? end.value : end.kind === 'failed' ? end.code : end.kind)
  }
  return ends
}

/** @param ends where the links lead on a device that shows `seen`, and on another one */
export function compareEnds(
  seen: Seen,
  targets: Targets,
  ends: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string>,
  away: string,
): Findings {
  const findings: string[] = []
  for (const [id, end] of ends) {
    const expected = naiveEnd(seen, targets, id, away) ?? others.get(id)
    if (end !== expected) findings.push(`the link "${seen.get(id)?.name}" (${id}) leads to ${end}, not ${expected}`)
  }
  return findings
}
