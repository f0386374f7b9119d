import { describe, expect, test } from 'vitest'
import { MemoryNode, cardWords } from '../testing/memory-node.ts'
import { Recovering, wordsOf } from './recovering.ts'

const archive = (text = 'bt archive') => new Blob([text])

/** A node that looks into archives only when told to, in whatever order. */
function slowNode() {
  const node = new MemoryNode()
  const asked = new Map<Blob, { answer(): void; refuse(): void }>()
  node.inspectArchive = (blob) =>
    new Promise((resolve, reject) =>
      asked.set(blob, {
        answer: () => resolve({ treeId: String(blob.size), exportedAtMs: 0, sizeBytes: 1 }),
        refuse: () => reject(new Error('torn')),
      }),
    )
  return { recovering: new Recovering(node), asked }
}

describe('recovering', () => {
  test('goes from an archive to the tree', async () => {
    const node = new MemoryNode()
    const recovering = new Recovering(node)
    const seen: string[] = []
    recovering.addEventListener('change', () => seen.push(recovering.step.kind))
    await recovering.choose(archive())
    await recovering.open(` ${cardWords.join('\n').toUpperCase()} `, 'Laptop')
    expect(seen).toEqual(['reading', 'chosen', 'opening', 'done'])
    expect(node.tree).toMatchObject({ isPlanted: true, deviceName: 'Laptop' })
  })

  test.each(['answer', 'refuse'] as const)(
    'of two archives the one chosen last counts, when the first %ss late',
    async (late) => {
      const { recovering, asked } = slowNode()
      const [first, last] = [archive('first'), archive('and the last')]
      const choices = [recovering.choose(first), recovering.choose(last)]
      asked.get(last)!.answer()
      await choices[1]
      asked.get(first)![late]()
      await choices[0]
      expect(recovering.step).toMatchObject({ kind: 'chosen', archive: last, summary: { treeId: String(last.size) } })
      expect(recovering.problem).toBe('')
    },
  )

  test('the first of two is not shown while the last is still read', async () => {
    const { recovering, asked } = slowNode()
    const first = archive('first')
    const choice = recovering.choose(first)
    void recovering.choose(archive('and the last'))
    asked.get(first)!.answer()
    await choice
    expect(recovering.step.kind).toBe('reading')
  })

  test('a file that is no archive is refused, and another can be chosen', async () => {
    const recovering = new Recovering(new MemoryNode())
    await recovering.choose(archive('a letter'))
    expect(recovering).toMatchObject({ step: { kind: 'choose' }, isBusy: false })
    expect(recovering.problem).toContain('not an archive')
    await recovering.choose(archive())
    expect(recovering).toMatchObject({ step: { kind: 'chosen' }, problem: '' })
  })

  test('words that do not fit leave the archive chosen', async () => {
    const recovering = new Recovering(new MemoryNode())
    await recovering.choose(archive())
    await recovering.open('only three words', 'Laptop')
    expect(recovering).toMatchObject({ step: { kind: 'chosen' }, problem: 'A recovery card has twelve words.' })
    await recovering.open(cardWords.toReversed().join(' '), 'Laptop')
    expect(recovering.step.kind).toBe('chosen')
    expect(recovering.problem).toContain('do not open')
  })

  test('what nobody vouches for is taken when its owner says so, and not before', async () => {
    const node = new MemoryNode()
    const recovering = new Recovering(node)
    await recovering.choose(archive('bt unattested'))
    await recovering.open(cardWords.join(' '), 'Laptop')
    expect(recovering).toMatchObject({ step: { kind: 'chosen' }, isUnattested: true })
    expect(node.tree.isPlanted).toBe(false)
    await recovering.open(cardWords.join(' '), 'Laptop', true)
    expect(recovering).toMatchObject({ step: { kind: 'done' }, isUnattested: false, problem: '' })
  })

  test('words are read in any spacing', () => expect(wordsOf(' 1. One,\n2. Two ')).toEqual(['one', 'two']))
})
