import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Bytes } from '../../core/bytes/bytes.ts'
import { createKernel, kernelAddress, plainFragmentKernel } from './kernel.ts'
import type { Cut, FragmentAnswers, FragmentQuestion, Sealing } from './protocol.ts'
import { FragmentCoder } from './worker.ts'

const octetsOf = (octet: number, sizeBytes = 32): Bytes => new Uint8Array(sizeBytes).fill(octet)
const content = Uint8Array.from({ length: 3_000_000 }, (_, at) => Math.imul(at, 2_654_435_761) >>> 24)
const ids = [...Array(10).keys()]
const neededCount = 6
const sealing: Sealing = {
  treeSecret: octetsOf(1),
  setId: octetsOf(2),
  storers: ids.map((id) => octetsOf(10 + id)),
  stripeIndex: 0,
}

async function ask<Q extends FragmentQuestion>(coder: FragmentCoder, question: Q): Promise<FragmentAnswers[Q['kind']]> {
  const answer = await coder.answer(question)
  if (!answer.ok) throw Object.assign(new Error(answer.fault.local), answer.fault)
  return answer.value as FragmentAnswers[Q['kind']]
}
const partOf = ({ start, end }: Cut): Blob => new Blob([content.subarray(start, end)])

test.each([
  { name: 'the kernel', coder: new FragmentCoder(createKernel(readFileSync(kernelAddress))) },
  { name: 'the reference', coder: new FragmentCoder(plainFragmentKernel) },
])('by $name a file becomes sealed fragments and comes back from enough of them', async ({ coder }) => {
  const { cuts, fragmentSizeBytes } = await ask(coder, { kind: 'cut', sizeBytes: content.length, neededCount })
  expect(cuts.at(-1)!.end).toBe(content.length)
  const restored = new Uint8Array(content.length)
  const sizes = ids.map(() => 0)
  for (const place of cuts) {
    const { leaf } = await ask(coder, { kind: 'hash', content: partOf(place) })
    const question = { kind: 'encode', content: partOf(place), place, sealing, encodingSymbolIds: ids } as const
    const { pieces, leaves } = await ask(coder, question)
    expect(leaves.length).toBe((pieces.length * pieces[0]!.length * 32) / 1024)
    pieces.forEach((piece, id) => (sizes[id]! += piece.length))
    const used = [9, 1, 7, 8, 3, 6]
    const decode = {
      kind: 'decode',
      pieces: used.map((id) => pieces[id]!),
      encodingSymbolIds: used,
      place,
      sealing,
      leaf,
    } as const
    restored.set((await ask(coder, decode)).content, place.start)

    const few = { ...decode, pieces: decode.pieces.slice(0, 3), encodingSymbolIds: used.slice(0, 3) }
    await expect(ask(coder, few)).rejects.toMatchObject({ code: 'symbolsTooFew' })
    const swapped = { ...decode, pieces: decode.pieces.toReversed() }
    await expect(ask(coder, swapped)).rejects.toMatchObject({ code: 'fragmentDamaged' })
    await expect(ask(coder, { ...decode, leaf: octetsOf(0) })).rejects.toMatchObject({ code: 'fragmentDamaged' })
    const cut = { ...decode, pieces: decode.pieces.map((piece) => piece.subarray(1)) }
    await expect(ask(coder, cut)).rejects.toMatchObject({ code: 'fragmentDamaged' })
  }
  expect(sizes).toEqual(ids.map(() => fragmentSizeBytes))
  expect(Buffer.compare(restored, content)).toBe(0)
})

test('a root is that of the leaves', async () => {
  const [kernel, reference] = [createKernel(readFileSync(kernelAddress)), plainFragmentKernel]
  const question = { kind: 'root', leaves: octetsOf(3, 32 * 77) } as const
  const root = await ask(new FragmentCoder(kernel), question)
  expect(root).toEqual(await ask(new FragmentCoder(reference), question))
})
