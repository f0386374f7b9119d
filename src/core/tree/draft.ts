/**
 * The state under construction; local to one fold.
 * @module
 */
import type { Bytes } from '../bytes/bytes.ts'
import { remove, set as put } from '../merkle/merkle.ts'
import type { TreeState } from './state.ts'

export class Draft {
  state: TreeState
  readonly touched: Bytes[] = []
  constructor(state: TreeState) {
    this.state = state
  }
  put(key: Bytes, row: Bytes): void {
    this.state = { ...this.state, map: put(this.state.map, key, row) }
    this.touched.push(key)
  }
  remove(key: Bytes): void {
    this.state = { ...this.state, map: remove(this.state.map, key) }
    this.touched.push(key)
  }
  /** Goes back to an earlier point; what was touched since stays listed, which costs a mirror one needless look. */
  restore(state: TreeState): void {
    this.state = state
  }
}
