/**
 * SHA-256 (FIPS 180-4) of four messages at a time, a lane of 32 bits for each.
 */

const constants: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]
const initial: StaticArray<u32> = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]

/** The constants, each in all four lanes. */
const constantLanes = memory.data(64 * 16, 16)
/** The last 16 words of the message schedule. */
const ring = memory.data(16 * 16, 16)
const stateLanes = memory.data(8 * 16, 16)
/** Blocks that have to be put together, two a lane. */
const scratch = memory.data(4 * 128, 16)

/** Fills the tables; to be called once. */
export function prepareHash(): void {
  for (let t = 0; t < 64; t++) v128.store(constantLanes + 16 * t, i32x4.splat(unchecked(constants[t]) as i32))
}

/**
 * SHA-256(prefix ‖ message) of messages of one size.
 * @param input address of the first message
 * @param stride octets from a message to the next
 * @param prefixSize at most 64
 * @param output takes 32 octets a message; not inside the messages still to be read
 */
export function hashMany(
  input: usize,
  stride: u32,
  size: u32,
  count: u32,
  prefix: usize,
  prefixSize: u32,
  output: usize,
): void {
  const total = prefixSize + size
  const fullCount = total >> 6
  const lastIndex = count - 1
  for (let first: u32 = 0; first < count; first += 4) {
    // A lane with no message left computes the last one again.
    const m0 = input + stride * min(first, lastIndex)
    const m1 = input + stride * min(first + 1, lastIndex)
    const m2 = input + stride * min(first + 2, lastIndex)
    const m3 = input + stride * min(first + 3, lastIndex)
    for (let word: usize = 0; word < 8; word++)
      v128.store(stateLanes + 16 * word, i32x4.splat(load<u32>(changetype<usize>(initial) + 4 * word) as i32))
    for (let block: u32 = 0; block < fullCount; block++) {
      if (block == 0) {
        begin(m0, prefix, prefixSize, scratch)
        begin(m1, prefix, prefixSize, scratch + 128)
        begin(m2, prefix, prefixSize, scratch + 256)
        begin(m3, prefix, prefixSize, scratch + 384)
        compress(scratch, scratch + 128, scratch + 256, scratch + 384)
      } else {
        const at = 64 * block - prefixSize
        compress(m0 + at, m1 + at, m2 + at, m3 + at)
      }
    }
    const blocks = end(m0, size, prefix, prefixSize, scratch)
    end(m1, size, prefix, prefixSize, scratch + 128)
    end(m2, size, prefix, prefixSize, scratch + 256)
    end(m3, size, prefix, prefixSize, scratch + 384)
    for (let block: u32 = 0; block < blocks; block++)
      compress(
        scratch + 64 * block,
        scratch + 128 + 64 * block,
        scratch + 256 + 64 * block,
        scratch + 384 + 64 * block,
      )
    for (let lane: u32 = 0; lane < 4 && first + lane < count; lane++)
      for (let word: usize = 0; word < 8; word++)
        store<u32>(
          output + 32 * (first + lane) + 4 * word,
          bswap<u32>(load<u32>(stateLanes + 16 * word + 4 * (lane as usize))),
        )
  }
}

/** The first block of a message. */
function begin(message: usize, prefix: usize, prefixSize: u32, to: usize): void {
  memory.copy(to, prefix, prefixSize)
  memory.copy(to + prefixSize, message, 64 - prefixSize)
}

/** What is left of a message behind its full blocks, with the padding. @returns how many blocks that makes */
function end(message: usize, size: u32, prefix: usize, prefixSize: u32, to: usize): u32 {
  const total = prefixSize + size
  const left = total & 63
  const blocks: u32 = left < 56 ? 1 : 2
  memory.fill(to, 0, 64 * blocks)
  if (total < 64) {
    memory.copy(to, prefix, prefixSize)
    memory.copy(to + prefixSize, message, size)
  } else memory.copy(to, message + size - left, left)
  store<u8>(to + left, 0x80)
  store<u64>(to + 64 * blocks - 8, bswap<u64>(8 * (total as u64)))
  return blocks
}

@inline
function swapped(word: v128): v128 {
  return i8x16.shuffle(word, word, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}

/** Four words of each message, turned so that each word has the lanes of the four. */
@inline
function turn(r0: v128, r1: v128, r2: v128, r3: v128, to: usize): void {
  const low01 = i8x16.shuffle(r0, r1, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
  const low23 = i8x16.shuffle(r2, r3, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
  const high01 = i8x16.shuffle(r0, r1, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
  const high23 = i8x16.shuffle(r2, r3, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
  v128.store(to, swapped(i8x16.shuffle(low01, low23, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)))
  v128.store(to, swapped(i8x16.shuffle(low01, low23, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)), 16)
  v128.store(to, swapped(i8x16.shuffle(high01, high23, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)), 32)
  v128.store(to, swapped(i8x16.shuffle(high01, high23, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)), 48)
}

@inline
function rotated(word: v128, count: i32): v128 {
  return v128.or(i32x4.shr_u(word, count), i32x4.shl(word, 32 - count))
}
@inline
function xor3(one: v128, two: v128, three: v128): v128 {
  return v128.xor(v128.xor(one, two), three)
}
@inline
function sum0(a: v128): v128 {
  return xor3(rotated(a, 2), rotated(a, 13), rotated(a, 22))
}
/** What a round adds to h before it becomes the new a and goes into the new e. */
@inline
function first(e: v128, f: v128, g: v128, h: v128, constant: v128, word: v128): v128 {
  const sum1 = xor3(rotated(e, 6), rotated(e, 11), rotated(e, 25))
  const choice = v128.xor(g, v128.and(e, v128.xor(f, g)))
  return i32x4.add(i32x4.add(h, i32x4.add(constant, word)), i32x4.add(sum1, choice))
}
/** The next word of the message schedule, in the place of the one that is 16 older. */
@inline
function extend(at: usize, at15: usize, at7: usize, at2: usize): v128 {
  const w15 = v128.load(ring + 16 * at15)
  const w2 = v128.load(ring + 16 * at2)
  const small0 = xor3(rotated(w15, 7), rotated(w15, 18), i32x4.shr_u(w15, 3))
  const small1 = xor3(rotated(w2, 17), rotated(w2, 19), i32x4.shr_u(w2, 10))
  const old = i32x4.add(v128.load(ring + 16 * at), v128.load(ring + 16 * at7))
  const word = i32x4.add(old, i32x4.add(small0, small1))
  v128.store(ring + 16 * at, word)
  return word
}

/**
 * One block of each message. Rounds are written out sixteen at a time, so that the eight variables change their parts instead of
 * their places. The majority of a, b, c is b ^ ((a ^ b) & (b ^ c)), where a ^ b is the next round's b ^ c: x and y in turn.
 */
function compress(p0: usize, p1: usize, p2: usize, p3: usize): void {
  for (let part: usize = 0; part < 64; part += 16)
    turn(v128.load(p0 + part), v128.load(p1 + part), v128.load(p2 + part), v128.load(p3 + part), ring + 4 * part)
  let a = v128.load(stateLanes)
  let b = v128.load(stateLanes, 16)
  let c = v128.load(stateLanes, 32)
  let d = v128.load(stateLanes, 48)
  let e = v128.load(stateLanes, 64)
  let f = v128.load(stateLanes, 80)
  let g = v128.load(stateLanes, 96)
  let h = v128.load(stateLanes, 112)
  let x: v128
  let y = v128.xor(b, c)
  h = first(e, f, g, h, v128.load(constantLanes, 0), v128.load(ring, 0))
  d = i32x4.add(d, h)
  x = v128.xor(a, b)
  h = i32x4.add(h, i32x4.add(sum0(a), v128.xor(b, v128.and(x, y))))
  g = first(d, e, f, g, v128.load(constantLanes, 16), v128.load(ring, 16))
  c = i32x4.add(c, g)
  y = v128.xor(h, a)
  g = i32x4.add(g, i32x4.add(sum0(h), v128.xor(a, v128.and(y, x))))
  f = first(c, d, e, f, v128.load(constantLanes, 32), v128.load(ring, 32))
  b = i32x4.add(b, f)
  x = v128.xor(g, h)
  f = i32x4.add(f, i32x4.add(sum0(g), v128.xor(h, v128.and(x, y))))
  e = first(b, c, d, e, v128.load(constantLanes, 48), v128.load(ring, 48))
  a = i32x4.add(a, e)
  y = v128.xor(f, g)
  e = i32x4.add(e, i32x4.add(sum0(f), v128.xor(g, v128.and(y, x))))
  d = first(a, b, c, d, v128.load(constantLanes, 64), v128.load(ring, 64))
  h = i32x4.add(h, d)
  x = v128.xor(e, f)
  d = i32x4.add(d, i32x4.add(sum0(e), v128.xor(f, v128.and(x, y))))
  c = first(h, a, b, c, v128.load(constantLanes, 80), v128.load(ring, 80))
  g = i32x4.add(g, c)
  y = v128.xor(d, e)
  c = i32x4.add(c, i32x4.add(sum0(d), v128.xor(e, v128.and(y, x))))
  b = first(g, h, a, b, v128.load(constantLanes, 96), v128.load(ring, 96))
  f = i32x4.add(f, b)
  x = v128.xor(c, d)
  b = i32x4.add(b, i32x4.add(sum0(c), v128.xor(d, v128.and(x, y))))
  a = first(f, g, h, a, v128.load(constantLanes, 112), v128.load(ring, 112))
  e = i32x4.add(e, a)
  y = v128.xor(b, c)
  a = i32x4.add(a, i32x4.add(sum0(b), v128.xor(c, v128.and(y, x))))
  h = first(e, f, g, h, v128.load(constantLanes, 128), v128.load(ring, 128))
  d = i32x4.add(d, h)
  x = v128.xor(a, b)
  h = i32x4.add(h, i32x4.add(sum0(a), v128.xor(b, v128.and(x, y))))
  g = first(d, e, f, g, v128.load(constantLanes, 144), v128.load(ring, 144))
  c = i32x4.add(c, g)
  y = v128.xor(h, a)
  g = i32x4.add(g, i32x4.add(sum0(h), v128.xor(a, v128.and(y, x))))
  f = first(c, d, e, f, v128.load(constantLanes, 160), v128.load(ring, 160))
  b = i32x4.add(b, f)
  x = v128.xor(g, h)
  f = i32x4.add(f, i32x4.add(sum0(g), v128.xor(h, v128.and(x, y))))
  e = first(b, c, d, e, v128.load(constantLanes, 176), v128.load(ring, 176))
  a = i32x4.add(a, e)
  y = v128.xor(f, g)
  e = i32x4.add(e, i32x4.add(sum0(f), v128.xor(g, v128.and(y, x))))
  d = first(a, b, c, d, v128.load(constantLanes, 192), v128.load(ring, 192))
  h = i32x4.add(h, d)
  x = v128.xor(e, f)
  d = i32x4.add(d, i32x4.add(sum0(e), v128.xor(f, v128.and(x, y))))
  c = first(h, a, b, c, v128.load(constantLanes, 208), v128.load(ring, 208))
  g = i32x4.add(g, c)
  y = v128.xor(d, e)
  c = i32x4.add(c, i32x4.add(sum0(d), v128.xor(e, v128.and(y, x))))
  b = first(g, h, a, b, v128.load(constantLanes, 224), v128.load(ring, 224))
  f = i32x4.add(f, b)
  x = v128.xor(c, d)
  b = i32x4.add(b, i32x4.add(sum0(c), v128.xor(d, v128.and(x, y))))
  a = first(f, g, h, a, v128.load(constantLanes, 240), v128.load(ring, 240))
  e = i32x4.add(e, a)
  y = v128.xor(b, c)
  a = i32x4.add(a, i32x4.add(sum0(b), v128.xor(c, v128.and(y, x))))
  for (let t = constantLanes + 256; t < constantLanes + 1024; t += 256) {
    h = first(e, f, g, h, v128.load(t, 0), extend(0, 1, 9, 14))
    d = i32x4.add(d, h)
    x = v128.xor(a, b)
    h = i32x4.add(h, i32x4.add(sum0(a), v128.xor(b, v128.and(x, y))))
    g = first(d, e, f, g, v128.load(t, 16), extend(1, 2, 10, 15))
    c = i32x4.add(c, g)
    y = v128.xor(h, a)
    g = i32x4.add(g, i32x4.add(sum0(h), v128.xor(a, v128.and(y, x))))
    f = first(c, d, e, f, v128.load(t, 32), extend(2, 3, 11, 0))
    b = i32x4.add(b, f)
    x = v128.xor(g, h)
    f = i32x4.add(f, i32x4.add(sum0(g), v128.xor(h, v128.and(x, y))))
    e = first(b, c, d, e, v128.load(t, 48), extend(3, 4, 12, 1))
    a = i32x4.add(a, e)
    y = v128.xor(f, g)
    e = i32x4.add(e, i32x4.add(sum0(f), v128.xor(g, v128.and(y, x))))
    d = first(a, b, c, d, v128.load(t, 64), extend(4, 5, 13, 2))
    h = i32x4.add(h, d)
    x = v128.xor(e, f)
    d = i32x4.add(d, i32x4.add(sum0(e), v128.xor(f, v128.and(x, y))))
    c = first(h, a, b, c, v128.load(t, 80), extend(5, 6, 14, 3))
    g = i32x4.add(g, c)
    y = v128.xor(d, e)
    c = i32x4.add(c, i32x4.add(sum0(d), v128.xor(e, v128.and(y, x))))
    b = first(g, h, a, b, v128.load(t, 96), extend(6, 7, 15, 4))
    f = i32x4.add(f, b)
    x = v128.xor(c, d)
    b = i32x4.add(b, i32x4.add(sum0(c), v128.xor(d, v128.and(x, y))))
    a = first(f, g, h, a, v128.load(t, 112), extend(7, 8, 0, 5))
    e = i32x4.add(e, a)
    y = v128.xor(b, c)
    a = i32x4.add(a, i32x4.add(sum0(b), v128.xor(c, v128.and(y, x))))
    h = first(e, f, g, h, v128.load(t, 128), extend(8, 9, 1, 6))
    d = i32x4.add(d, h)
    x = v128.xor(a, b)
    h = i32x4.add(h, i32x4.add(sum0(a), v128.xor(b, v128.and(x, y))))
    g = first(d, e, f, g, v128.load(t, 144), extend(9, 10, 2, 7))
    c = i32x4.add(c, g)
    y = v128.xor(h, a)
    g = i32x4.add(g, i32x4.add(sum0(h), v128.xor(a, v128.and(y, x))))
    f = first(c, d, e, f, v128.load(t, 160), extend(10, 11, 3, 8))
    b = i32x4.add(b, f)
    x = v128.xor(g, h)
    f = i32x4.add(f, i32x4.add(sum0(g), v128.xor(h, v128.and(x, y))))
    e = first(b, c, d, e, v128.load(t, 176), extend(11, 12, 4, 9))
    a = i32x4.add(a, e)
    y = v128.xor(f, g)
    e = i32x4.add(e, i32x4.add(sum0(f), v128.xor(g, v128.and(y, x))))
    d = first(a, b, c, d, v128.load(t, 192), extend(12, 13, 5, 10))
    h = i32x4.add(h, d)
    x = v128.xor(e, f)
    d = i32x4.add(d, i32x4.add(sum0(e), v128.xor(f, v128.and(x, y))))
    c = first(h, a, b, c, v128.load(t, 208), extend(13, 14, 6, 11))
    g = i32x4.add(g, c)
    y = v128.xor(d, e)
    c = i32x4.add(c, i32x4.add(sum0(d), v128.xor(e, v128.and(y, x))))
    b = first(g, h, a, b, v128.load(t, 224), extend(14, 15, 7, 12))
    f = i32x4.add(f, b)
    x = v128.xor(c, d)
    b = i32x4.add(b, i32x4.add(sum0(c), v128.xor(d, v128.and(x, y))))
    a = first(f, g, h, a, v128.load(t, 240), extend(15, 0, 8, 13))
    e = i32x4.add(e, a)
    y = v128.xor(b, c)
    a = i32x4.add(a, i32x4.add(sum0(b), v128.xor(c, v128.and(y, x))))
  }
  v128.store(stateLanes, i32x4.add(a, v128.load(stateLanes)))
  v128.store(stateLanes, i32x4.add(b, v128.load(stateLanes, 16)), 16)
  v128.store(stateLanes, i32x4.add(c, v128.load(stateLanes, 32)), 32)
  v128.store(stateLanes, i32x4.add(d, v128.load(stateLanes, 48)), 48)
  v128.store(stateLanes, i32x4.add(e, v128.load(stateLanes, 64)), 64)
  v128.store(stateLanes, i32x4.add(f, v128.load(stateLanes, 80)), 80)
  v128.store(stateLanes, i32x4.add(g, v128.load(stateLanes, 96)), 96)
  v128.store(stateLanes, i32x4.add(h, v128.load(stateLanes, 112)), 112)
}
