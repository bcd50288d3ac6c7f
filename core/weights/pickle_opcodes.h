// Pickle's opcodes, by the names that Python's pickletools gives them; those that are not here are not read.
// Internal to core/weights.
#pragma once

#include <cstdint>

namespace panicle {

enum class PickleOpcode : std::uint8_t {
  // Numbers
  None = 'N',
  NewTrue = 0x88,
  NewFalse = 0x89,
  BinInt = 'J',
  BinInt1 = 'K',
  BinInt2 = 'M',
  Long1 = 0x8a,
  Long4 = 0x8b,
  BinFloat = 'G',
  // Texts and bytes
  BinUnicode = 'X',
  ShortBinUnicode = 0x8c,
  BinUnicode8 = 0x8d,
  BinString = 'T',  // Python 2's str
  ShortBinString = 'U',
  BinBytes = 'B',
  ShortBinBytes = 'C',
  BinBytes8 = 0x8e,
  ByteArray8 = 0x96,
  // Containers
  EmptyList = ']',
  List = 'l',
  Append = 'a',
  Appends = 'e',
  EmptyTuple = ')',
  Tuple = 't',
  Tuple1 = 0x85,
  Tuple2 = 0x86,
  Tuple3 = 0x87,
  EmptyDict = '}',
  Dict = 'd',
  SetItem = 's',
  SetItems = 'u',
  EmptySet = 0x8f,
  AddItems = 0x90,
  FrozenSet = 0x91,
  // The stack and the memo
  Mark = '(',
  Pop = '0',
  PopMark = '1',
  Dup = '2',
  BinPut = 'q',
  LongBinPut = 'r',
  Memoize = 0x94,
  BinGet = 'h',
  LongBinGet = 'j',
  // Objects
  Global = 'c',
  StackGlobal = 0x93,
  Reduce = 'R',
  Build = 'b',
  BinPersId = 'Q',
  Inst = 'i',
  Obj = 'o',
  NewObj = 0x81,
  NewObjEx = 0x92,
  // The pickle itself
  Proto = 0x80,
  Frame = 0x95,
  Stop = '.',
};

}  // namespace panicle
