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
        "numpy.core.multiarray\nscalar", "torch._utils\n_rebuild_sparse_tensor",
        "collections\nOrderedDict.x"}) {
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
      {"NNb.", "dict with attributes"},
      {"N\x81.", "make an object"},
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
  const auto dict = [&](const std::string& key) { return "}" + key + tensor + "s"; };
  const auto file = [&](const std::string& object) {
    std::string bytes = legacyFile(object + ".");
    bytes.resize(bytes.size() - 2);
    return bytes +
           std::string(
               "]U\x01"
               "0a.",
               6) +
           std::string(8, '\0');
  };
  EXPECT_EQ(refusal(file(dict("U\x01x"))), "");
  EXPECT_THAT(refusal(file(dict(std::string("U\x01\xff", 3)))), HasSubstr("not UTF-8"));
  EXPECT_THAT(refusal(file(dict("N"))), HasSubstr("neither texts nor whole numbers"));
  EXPECT_THAT(refusal(file("}(U\x01x" + tensor + "U\x01x" + tensor + "u")), HasSubstr("'x' twice"));
}

}  // namespace
}  // namespace panicle
