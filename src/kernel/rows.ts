/**
 * Row operations of a schedule (`core/raptorq/schedule.ts`), 16 octets at a time.
 *
 * A strip is a range of octets of every row. The whole schedule runs over one strip before the next, so that what it touches
 * again is still in the processor's cache.
 */

const noRow: u32 = 0xffffffff
/** For each factor its products with 0..15 and with 16 times those. */
const products = memory.data(256 * 32, 16)
const powers = memory.data(16, 16)

/** Fills the tables; to be called once. */
export function prepareRows(): void {
  for (let factor: u32 = 0; factor < 256; factor++) {
    for (let nibble: u32 = 0; nibble < 16; nibble++) {
      store<u8>(products + 32 * factor + nibble, product(factor, nibble) as u8)
      store<u8>(products + 32 * factor + 16 + nibble, product(factor, nibble << 4) as u8)
    }
  }
  let power: u32 = 1
  for (let exponent: u32 = 0; exponent < 16; exponent++) {
    store<u8>(powers + exponent, power as u8)
    power = product(power, 2)
  }
}

function product(left: u32, right: u32): u32 {
  let sum: u32 = 0
  for (let bit: u32 = 0; bit < 8; bit++) {
    if ((right >> bit) & 1) sum ^= left
    left = (left << 1) ^ (left & 0x80 ? 0x11d : 0)
  }
  return sum
}

/**
 * @param schedule address of its words
 * @param rows address of row 0; a multiple of 16, as are the three sizes
 * @param stride octets from a row to the next
 * @param width octets of a row
 * @param strip octets of a strip
 */
export function run(schedule: usize, wordCount: u32, rows: usize, stride: u32, width: u32, strip: u32): void {
  const end = schedule + 4 * (wordCount as usize)
  for (let offset: u32 = 0; offset < width; offset += strip)
    runStrip(schedule, end, rows + offset, stride, min(strip, width - offset))
}

function runStrip(schedule: usize, end: usize, rows: usize, stride: u32, width: u32): void {
  let at = schedule
  while (at < end) {
    const head = load<u32>(at)
    const kind = head & 3
    const count = head >> 2
    if (kind == 3) {
      parity(at, count, rows, stride, width)
      at += 16 + 8 * (count as usize)
      continue
    }
    const target = rows + load<u32>(at, 4) * stride
    at += 8
    if (kind == 2) {
      multiple(target, at, count, rows, stride, width)
      at += 8 * (count as usize)
    } else {
      const next = at + 4 * (count as usize)
      sum(target, at, next, rows, stride, width, kind == 1)
      at = next
    }
  }
}

/** target = or ^= the XOR of the rows named at `from` to `end`. */
@inline
function sum(target: usize, from: usize, end: usize, rows: usize, stride: u32, width: u32, isAdded: bool): void {
  let x: usize = 0
  for (; x + 128 <= width; x += 128) {
    let s0: v128 = i64x2.splat(0)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    let s4 = s0
    let s5 = s0
    let s6 = s0
    let s7 = s0
    if (isAdded) {
      s0 = v128.load(target + x)
      s1 = v128.load(target + x, 16)
      s2 = v128.load(target + x, 32)
      s3 = v128.load(target + x, 48)
      s4 = v128.load(target + x, 64)
      s5 = v128.load(target + x, 80)
      s6 = v128.load(target + x, 96)
      s7 = v128.load(target + x, 112)
    }
    for (let at = from; at < end; at += 4) {
      const source = rows + x + load<u32>(at) * stride
      s0 = v128.xor(s0, v128.load(source))
      s1 = v128.xor(s1, v128.load(source, 16))
      s2 = v128.xor(s2, v128.load(source, 32))
      s3 = v128.xor(s3, v128.load(source, 48))
      s4 = v128.xor(s4, v128.load(source, 64))
      s5 = v128.xor(s5, v128.load(source, 80))
      s6 = v128.xor(s6, v128.load(source, 96))
      s7 = v128.xor(s7, v128.load(source, 112))
    }
    v128.store(target + x, s0)
    v128.store(target + x, s1, 16)
    v128.store(target + x, s2, 32)
    v128.store(target + x, s3, 48)
    v128.store(target + x, s4, 64)
    v128.store(target + x, s5, 80)
    v128.store(target + x, s6, 96)
    v128.store(target + x, s7, 112)
  }
  for (; x < width; x += 16) {
    let s: v128 = isAdded ? v128.load(target + x) : i64x2.splat(0)
    for (let at = from; at < end; at += 4) s = v128.xor(s, v128.load(rows + x + load<u32>(at) * stride))
    v128.store(target + x, s)
  }
}

/** target ^= the sum of factor × source over the pairs at `from`. */
function multiple(target: usize, from: usize, count: u32, rows: usize, stride: u32, width: u32): void {
  const low = i8x16.splat(15)
  const end = from + 8 * (count as usize)
  let x: usize = 0
  for (; x + 64 <= width; x += 64) {
    let s0 = v128.load(target + x)
    let s1 = v128.load(target + x, 16)
    let s2 = v128.load(target + x, 32)
    let s3 = v128.load(target + x, 48)
    for (let at = from; at < end; at += 8) {
      const source = rows + x + load<u32>(at) * stride
      const table = products + 32 * (load<u32>(at, 4) as usize)
      const lows = v128.load(table)
      const highs = v128.load(table, 16)
      s0 = v128.xor(s0, times(v128.load(source), lows, highs, low))
      s1 = v128.xor(s1, times(v128.load(source, 16), lows, highs, low))
      s2 = v128.xor(s2, times(v128.load(source, 32), lows, highs, low))
      s3 = v128.xor(s3, times(v128.load(source, 48), lows, highs, low))
    }
    v128.store(target + x, s0)
    v128.store(target + x, s1, 16)
    v128.store(target + x, s2, 32)
    v128.store(target + x, s3, 48)
  }
  for (; x < width; x += 16) {
    let s = v128.load(target + x)
    for (let at = from; at < end; at += 8) {
      const table = products + 32 * (load<u32>(at, 4) as usize)
      const value = v128.load(rows + x + load<u32>(at) * stride)
      s = v128.xor(s, times(value, v128.load(table), v128.load(table, 16), low))
    }
    v128.store(target + x, s)
  }
}

@inline
function times(value: v128, lows: v128, highs: v128, low: v128): v128 {
  return v128.xor(i8x16.swizzle(lows, v128.and(value, low)), i8x16.swizzle(highs, i8x16.shr_u(value, 4)))
}

@inline
function doubled(value: v128): v128 {
  const carry = v128.and(i8x16.shr_s(value, 7), i8x16.splat(0x1d))
  return v128.xor(i8x16.add(value, value), carry)
}

/** The high-density parity; `at` is the operation's first word. */
function parity(at: usize, count: u32, rows: usize, stride: u32, width: u32): void {
  const work = rows + load<u32>(at, 4) * stride
  const targets = rows + load<u32>(at, 8) * stride
  const targetCount = load<u32>(at, 12)
  const last = at + 16 + 8 * ((count - 1) as usize)
  for (let column = at + 16; column <= last; column += 8) {
    const index = load<u32>(column)
    const pair = load<u32>(column, 4)
    const isZero = index == noRow
    const source = isZero ? work : rows + index * stride
    if (column == last) {
      for (let x: usize = 0; x < width; x += 16) {
        const y = doubled(v128.load(work + x))
        v128.store(work + x, isZero ? y : v128.xor(y, v128.load(source + x)))
      }
      break
    }
    const first = targets + (pair & 255) * stride
    const second = targets + (pair >> 8) * stride
    if (isZero) {
      for (let x: usize = 0; x < width; x += 16) {
        const y = doubled(v128.load(work + x))
        v128.store(work + x, y)
        v128.store(first + x, v128.xor(v128.load(first + x), y))
        v128.store(second + x, v128.xor(v128.load(second + x), y))
      }
      continue
    }
    for (let x: usize = 0; x < width; x += 16) {
      const y = v128.xor(doubled(v128.load(work + x)), v128.load(source + x))
      v128.store(work + x, y)
      v128.store(first + x, v128.xor(v128.load(first + x), y))
      v128.store(second + x, v128.xor(v128.load(second + x), y))
    }
  }
  const low = i8x16.splat(15)
  for (let target: u32 = 0; target < targetCount; target++) {
    const table = products + 32 * (load<u8>(powers + target) as usize)
    const to = targets + target * stride
    for (let x: usize = 0; x < width; x += 16) {
      const value = times(v128.load(work + x), v128.load(table), v128.load(table, 16), low)
      v128.store(to + x, v128.xor(v128.load(to + x), value))
    }
  }
}
