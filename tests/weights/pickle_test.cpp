// The pickle machine alone, on pickles made by hand: what it refuses, and what must not bring it down.
#include "core/weights/pickle.h"

#include <gmock/gmock.h>

#include "tests/weights/weight_bytes.h"

namespace panicle {
namespace {

using ::testing::HasSubstr;
using testing::refusal;

Pickle read(const std::string& bytes) {
  static const std::filesystem::path path = "made.pkl";
  ByteReader in(std::as_bytes(std::span(bytes)), path);
  return readPickle(in);
}

std::string pickleRefusal(const std::string& bytes) {
  try {
    read(bytes);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string binary(std::initializer_list<int> bytes) {
  return std::string(bytes.begin(), bytes.end());
}

// A file before torch 1.6 whose object is `object`.
std::string legacyFile(const std::string& object) {
  return binary({0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'}) +
         binary({0x80, 2, 'M', 0xe9, 3, '.'}) + binary({0x80, 2, '}', 'X', 13, 0, 0, 0}) + "little_endian" +
         binary({0x88, 's', '.'}) + object + "].";
}

// Such a file with its one storage, of no elements and with the key "0".
std::string storageFile(const std::string& object) {
  const std::string file = legacyFile(object);
  return file.substr(0, file.size() - 2) +
         std::string(
             "]U\1"
             "0a.",
             6) +
         std::string(8, '\0');
}

TEST(Pickle, ReadsPlainValues) {
  // pickletools.dis: (1, -2, 2**40, True, None, 0.5, 'é', b'x', [3], {'a': 4})
  const std::string bytes =
      binary({0x80, 2,   '(', 'K',  1,    'J', 0xfe, 0xff, 0xff, 0xff, 0x8a, 6,   0, 0,   0,   0,  0,    1,
              0x88, 'N', 'G', 0x3f, 0xe0, 0,   0,    0,    0,    0,    0,    'X', 2, 0,   0,   0,  0xc3, 0xa9,
              'C',  1,   'x', ']',  'K',  3,   'a',  '}',  'U',  1,    'a',  'K', 4, 's', 't', '.'});
  const Pickle pickle = read(bytes);
  const auto* tuple = pickle.get<PickleList>(pickle.root);
  ASSERT_NE(tuple, nullptr);
  ASSERT_EQ(tuple->items.size(), 10u);
  EXPECT_TRUE(tuple->tuple);
  EXPECT_EQ(*pickle.get<std::int64_t>(tuple->items[0]), 1);
  EXPECT_EQ(*pickle.get<std::int64_t>(tuple->items[1]), -2);
  EXPECT_EQ(*pickle.get<std::int64_t>(tuple->items[2]), std::int64_t{1} << 40);
  EXPECT_TRUE(*pickle.get<bool>(tuple->items[3]));
  EXPECT_NE(pickle.get<std::monostate>(tuple->items[4]), nullptr);
  EXPECT_EQ(*pickle.get<double>(tuple->items[5]), 0.5);
  EXPECT_EQ(pickle.get<PickleText>(tuple->items[6])->text, "é");
  EXPECT_EQ(pickle.get<PickleBytes>(tuple->items[7])->bytes, "x");
  EXPECT_EQ(pickle.get<PickleList>(tuple->items[8])->items.size(), 1u);
  EXPECT_EQ(std::get<std::int64_t>(*pickle.find(*pickle.get<PickleDict>(tuple->items[9]), "a")), 4);
}

TEST(Pickle, RunsNothing) {
  for (const std::string call :
       {"os\nsystem", "posix\nsystem", "builtins\neval", "torch.storage\n_load_from_bytes", "torch\nload",
        "numpy.core.multiarray\n_reconstruct", "fastcore.foundation\nload_pickle",
        "torch._utils\n_rebuild_sparse_tensor", "collections\nOrderedDict.x"}) {
    EXPECT_THAT(pickleRefusal(binary({0x80, 2, 'c'}) + call + "\nU\x02lsR."),
                HasSubstr("asks Python to call"))
        << call;
  }
  EXPECT_THAT(pickleRefusal("\x80\x04\x8c\x02os\x8c\x06system\x93."), HasSubstr("'os.system'"));
  EXPECT_THAT(pickleRefusal("\x80\x02"
                            "c\x1b[31m\n\xff\n."),
              HasSubstr("'?[31m.?'"))
      << "no control characters in messages";
}

TEST(Pickle, RefusesWhatDoesNotFit) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "cut off"},
      {"K", "cut off"},
      {".", "where there is none"},
      {"a.", "where there is none"},
      {"NNa.", "should be a list"},
      {"NNNs.", "should be a dict"},
      {"}(NNNu.", "key without a value"},
      {"t.", "a mark is asked for"},
      {"(0.", "where there is none"},
      {"h\x05.", "never kept"},
      {"NN.", "left over"},
      {"\x80\x06N.", "protocol"},
      {"NQ.", "arguments of a storage"},
      {"NNR.", "should be a function"},
      {"NNb.", "attributes are given to what has none"},
      {"N)\x81.", "make an object"},
      {"ccollections\nOrderedDict\n)\x81.", "make an object"},
      {"cfastcore.foundation\nL\n]\x85\x81.", "arguments of fastcore.foundation.L"},
      {"cfastcore.foundation\nL\n)\x81}b.", "attributes have no items"},
      {"cfastcore.foundation\nL\n)\x81}U\x05itemsNsb.", "attributes have no items"},
      {"cnumpy\ndtype\n)R.", "arguments of numpy.dtype"},
      {"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02O8\x85R}\x86R.", "arguments of numpy's scalar"},
      {"I1\n.", "opcode 73 is not known"},
      {"cos", "cut off"},
      {std::string("X\xff\xff\xff\xff", 5), "cut off"},
      {std::string("\x8d\xff\xff\xff\xff\xff\xff\xff\xff", 9), "cut off"},
      {"ccollections\nOrderedDict\nN\x85R.", "arguments of OrderedDict"},
      {"ctorch._utils\n_rebuild_tensor_v2\n)R.", "arguments of _rebuild_tensor_v2"},
      {"U\x06modulectorch\nFloatStorage\n\x86Q.", "load a 'module'"},
  };
  for (const auto& [bytes, expected] : cases)
    EXPECT_THAT(pickleRefusal(bytes), HasSubstr(expected)) << ::testing::PrintToString(bytes);
}

TEST(Pickle, GrowsWithNothingButItsOwnLength) {
  EXPECT_THAT(pickleRefusal(std::string(9'000'000, 'N')), HasSubstr("more values"));
  EXPECT_THAT(pickleRefusal(std::string(9'000'000, '(')), HasSubstr("more values"));
  // A set of a list of 100,000 values made 10,000 times over.
  std::string copies =
      "(" + std::string(100'000, 'N') + "lq" + std::string(1, '\0') + "cbuiltins\nset\nq\x01";
  for (int i = 0; i < 10'000; ++i) copies += std::string("h\x01h\0\x85R", 6);
  EXPECT_THAT(pickleRefusal(copies + "."), HasSubstr("over and over"));
}

std::string longText(const std::string& text) {
  return binary({'X', static_cast<int>(text.size() & 255), static_cast<int>(text.size() >> 8), 0, 0}) + text;
}

// Memos 0 to 2: the tuple of a storage without elements whose key has `keySize` bytes, the storage,
// _rebuild_tensor; 3: its arguments for a tensor of `sides` sides of 0.
std::string tensorParts(std::size_t keySize, int sides) {
  std::string zeros = "(";
  for (int i = 0; i < sides; ++i) zeros += std::string("K\0", 2);
  zeros += 't';
  return "(U\x07storagectorch\nFloatStorage\n" + longText(std::string(keySize, '0')) + "U\x03" + "cpu" +
         std::string("K\0tq\0Qq\1ctorch._utils\n_rebuild_tensor\nq\2(h\1K\0", 45) + zeros + zeros +
         std::string("tq\3", 3);
}

std::string repeated(const std::string& part, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += part;
  return all;
}

TEST(Pickle, ObjectsOfTensorsAreCountedToo) {
  const std::string parts = tensorParts(1000, 64);
  const std::string storage("h\0Q0", 4), tensor("h\2h\3R0", 6);
  EXPECT_THAT(pickleRefusal(parts + repeated(storage, 1000) + "000N."), ::testing::IsEmpty());
  EXPECT_THAT(pickleRefusal(parts + repeated(storage, 300'000) + "000N."), HasSubstr("over and over"));
  EXPECT_THAT(pickleRefusal(parts + repeated(tensor, 1000) + "000N."), ::testing::IsEmpty());
  EXPECT_THAT(pickleRefusal(parts + repeated(tensor, 200'000) + "000N."), HasSubstr("over and over"));
  const std::string list =
      "(" + std::string(100'000, 'N') + "lq" + std::string(1, '\0') + "0cfastcore.foundation\n";
  const std::string build(
      "L\n)\x81q\1}U\5itemsh\0sq\2"
      "0",
      20);
  EXPECT_THAT(pickleRefusal(list + build + repeated(std::string("h\1h\2b0", 6), 10'000) + "N."),
              HasSubstr("over and over"));
}

// A list of `count` lists of `count` times the same tensor under `key`, in a file of some kilobytes.
std::string sharedLists(const std::string& key, int sides, int count) {
  return "}" + longText(key) + tensorParts(1, sides) +
         std::string(
             "000h\2h\3Rq\4"
             "0(",
             12) +
         repeated(std::string("h\4", 2), count) +
         std::string(
             "lq\5"
             "0(",
             5) +
         repeated(std::string("h\5", 2), count) + "ls.";
}

TEST(Pickle, SharedTensorsUnderLongOrManyNamesDoNotFillMemory) {
  EXPECT_THAT(refusal(storageFile(sharedLists(std::string(4000, 'k'), 1, 300))),
              HasSubstr("beyond all measure"));
  EXPECT_THAT(refusal(storageFile(sharedLists("k", 64, 1000))), HasSubstr("beyond all measure"));
}

TEST(Pickle, NeitherDepthNorLoopsBringTheReaderDown) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += ']';
  for (int i = 1; i < 100'000; ++i) deep += 'a';
  EXPECT_THAT(refusal(legacyFile(deep + ".")), HasSubstr("beyond all measure"));
  EXPECT_THAT(refusal(legacyFile(std::string("]q\0h\0a.", 7))), HasSubstr("beyond all measure"))
      << "a list in itself";
  EXPECT_THAT(refusal(legacyFile(std::string("}q\0U\x01xh\0s.", 10))), HasSubstr("beyond all measure"))
      << "a dict in itself";
  // Lists of ten of the list before, 60 times: 10^60 of the innermost.
  std::string laughs = std::string("]q\0", 3);
  for (int i = 0; i < 60; ++i) {
    laughs += "0(";
    for (int k = 0; k < 10; ++k) laughs += std::string("h\0", 2);
    laughs += std::string("lq\0", 3);
  }
  EXPECT_THAT(refusal(legacyFile(laughs + ".")), HasSubstr("beyond all measure"));
}

TEST(Pickle, NamesMustBeTextsOnceEach) {
  const std::string pid = std::string("(U\x07storagectorch\nFloatStorage\nU\x01") + "0U\x03" + "cpu" +
                          std::string("K\0", 2) + "tQ";
  const std::string tensor =
      "ctorch._utils\n_rebuild_tensor\n(" + pid + binary({'K', 0, 'K', 0, 0x85, 'K', 1, 0x85, 't', 'R'});
  const auto dict = [&](const std::string& key) { return "}" + key + tensor + "s."; };
  EXPECT_EQ(refusal(storageFile(dict("U\x01x"))), "");
  EXPECT_THAT(refusal(storageFile(dict(std::string("U\x01\xff", 3)))), HasSubstr("not UTF-8"));
  EXPECT_THAT(refusal(storageFile(dict("N"))), HasSubstr("neither texts nor whole numbers"));
  EXPECT_THAT(refusal(storageFile("}(U\x01x" + tensor + "U\x01x" + tensor + "u.")), HasSubstr("'x' twice"));
}

}  // namespace
}  // namespace panicle
