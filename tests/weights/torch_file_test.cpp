// What Python's torch 1.13.1 has written (tests/reference/make_weight_files.py), in both layouts.
#include <gmock/gmock.h>

#include "core/weights/weight_file.h"
#include "tests/weights/weight_bytes.h"

namespace panicle {
namespace {

using testing::expectRule;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ReadBytes;
using testing::refusal;
using testing::weightBytes;

std::vector<std::string> names(const WeightContents& contents) {
  std::vector<std::string> list;
  for (const TensorEntry& tensor : contents.tensors) list.push_back(tensor.name);
  return list;
}

class TorchFile : public ::testing::TestWithParam<std::string> {
 protected:
  std::string bytes(const std::string& name) const { return weightBytes(name + GetParam() + ".pth"); }
};
INSTANTIATE_TEST_SUITE_P(Layouts, TorchFile, ::testing::Values("", "_legacy"), [](const auto& info) {
  return info.param.empty() ? std::string("Zip") : std::string("Legacy");
});

void expectKinds(const ReadBytes& file) {
  EXPECT_EQ(
      names(file.contents()),
      (std::vector<std::string>{"conv.weight", "bn.num_batches_tracked", "float64", "float16", "bfloat16",
                                "int64", "int32", "int16", "int8", "uint8", "bool", "empty"}));
  expectRule(file.at("conv.weight"), "F32", {2, 3, 2, 2});
  expectRule(file.at("bn.num_batches_tracked"), "I64", {});
  const std::pair<const char*, const char*> kinds[] = {
      {"float64", "F64"}, {"float16", "F16"}, {"bfloat16", "BF16"}, {"int64", "I64"}, {"int32", "I32"},
      {"int16", "I16"},   {"int8", "I8"},     {"uint8", "U8"},      {"bool", "BOOL"}};
  for (const auto& [name, dtype] : kinds) expectRule(file.at(name), dtype, {3, 2});
  expectRule(file.at("empty"), "F32", {0, 4});
}

TEST_P(TorchFile, EveryKindOfNumber) {
  const ReadBytes file(bytes("kinds"));
  EXPECT_EQ(file.contents().format, GetParam().empty() ? WeightFormat::TorchZip : WeightFormat::TorchLegacy);
  expectKinds(file);
}

TEST_P(TorchFile, ViewsAreRowMajorWhateverTheirStrides) {
  const ReadBytes file(bytes("strided"));
  expectRule(file.at("transposed"), "F32", {2, 3});
  expectRule(file.at("channels_last"), "F32", {2, 3, 2, 2});
  expectRule(file.at("part"), "F32", {2, 3});
  expectRule(file.at("every_other"), "F32", {5});
  expectRule(file.at("halves"), "F16", {2, 3, 4});
  expectRule(file.at("shared.all"), "F32", {12});
  expectRule(file.at("shared.view"), "F32", {3, 4});
  expectRule(file.at("shared.start"), "F32", {6});
  expectRule(file.at("tied"), "F32", {12});
  EXPECT_EQ(file.at("tied").bytes.data(), file.at("shared.view").bytes.data())
      << "views of one storage are not copied";
}

TEST_P(TorchFile, NestedContainersGiveDottedKeysAndPlainValuesAreLeftOut) {
  const ReadBytes file(bytes("nested"));
  EXPECT_EQ(names(file.contents()),
            (std::vector<std::string>{"state_dict.0.weight", "state_dict.0.bias", "state_dict.1.weight",
                                      "state_dict.1.bias", "state_dict.1.running_mean",
                                      "state_dict.1.running_var", "state_dict.1.num_batches_tracked",
                                      "optimizer.state.0.exp_avg", "history.0", "history.1.0"}));
  expectRule(file.at("state_dict.0.weight"), "F32", {2, 3});
  expectRule(file.at("state_dict.1.num_batches_tracked"), "I64", {});
  expectRule(file.at("optimizer.state.0.exp_avg"), "F32", {2, 3});
  expectRule(file.at("history.1.0"), "F32", {3});
}

// What fastai 2.7.13's Learner.save writes unless told otherwise: its optimizer's settings are a list of
// fastcore, with NumPy's numbers among them after fit_one_cycle.
TEST_P(TorchFile, FastaisOptimizerIsReadToo) {
  const ReadBytes file(bytes("fastai"));
  EXPECT_EQ(names(file.contents()),
            (std::vector<std::string>{"model.weight", "model.bias", "opt.state.0.grad_avg",
                                      "opt.state.0.sqr_avg", "opt.state.1.grad_avg", "opt.state.1.sqr_avg"}));
  expectRule(file.at("model.weight"), "F32", {2, 3});
  expectRule(file.at("opt.state.0.sqr_avg"), "F32", {2, 3});
  expectRule(file.at("opt.state.1.grad_avg"), "F32", {2});
}

TEST_P(TorchFile, ObjectsAreRefusedByName) {
  const std::string message = refusal(bytes("namespace"), "checkpoint.pth");
  EXPECT_THAT(message, HasSubstr("checkpoint.pth: asks Python to call 'argparse.Namespace'"));
  EXPECT_THAT(message, HasSubstr("only tensors and plain containers"));
  EXPECT_THAT(message, HasSubstr("torch.save(torch.load('checkpoint.pth'"));
}

TEST(TorchZip, ReadsOtherPickleProtocols) {
  expectKinds(ReadBytes(weightBytes("protocol4.pth")));
}

TEST(TorchZip, ParametersAreTensors) {
  const ReadBytes file(weightBytes("parameters.pth"));
  EXPECT_EQ(names(file.contents()), (std::vector<std::string>{"weight", "bias"}));
  expectRule(file.at("weight"), "F32", {2, 3});
  expectRule(file.at("bias"), "F32", {2});
}

TEST(TorchZip, StoredTensorsLieInTheFileItself) {
  const WeightFile file = WeightFile::open(testing::reference("weights/kinds.pth"));
  EXPECT_EQ(file.path(), testing::reference("weights/kinds.pth"));
  EXPECT_STREQ(toString(file.format()), "PyTorch");
  ASSERT_NE(file.find("int64"), nullptr);
  EXPECT_EQ(file.find("int32.x"), nullptr);
  expectRule(*file.find("int64"), "I64", {3, 2});
  file.release(*file.find("int64"));
  expectRule(*file.find("int64"), "I64", {3, 2});
  const auto distance = file.find("conv.weight")->bytes.data() - file.find("int64")->bytes.data();
  EXPECT_LT(std::abs(distance), 4096) << "in one mapping";
  EXPECT_THAT(file.metadata(), IsEmpty());
}

TEST(TorchZip, RefusesWhatIsNoStateDict) {
  EXPECT_THAT(refusal(weightBytes("module.pth")), HasSubstr("call 'torch.nn.modules.linear.Linear'"));
  EXPECT_THAT(refusal(weightBytes("tensor.pth")), HasSubstr("single tensor without a name"));
  EXPECT_THAT(refusal(weightBytes("no_tensors.pth")), HasSubstr("holds no tensors"));
  EXPECT_THAT(refusal(weightBytes("expanded.pth")), HasSubstr("repeats elements"));
  EXPECT_THAT(refusal(weightBytes("script.pth"), "model.pt"), HasSubstr("TorchScript program"));
}

// Changes that keep the lengths, so that only the meaning is wrong.
std::string changed(std::string bytes, const std::string& from, const std::string& to) {
  const auto at = bytes.find(from);
  if (at == std::string::npos || from.size() != to.size()) throw Error("nothing to change");
  return bytes.replace(at, from.size(), to);
}

TEST(TorchLegacy, ChecksTheMachineItWasWrittenOn) {
  const std::string good = weightBytes("kinds_legacy.pth");
  const std::string big =
      changed(good, std::string("little_endianq\x02\x88"), std::string("little_endianq\x02\x89"));
  EXPECT_THAT(refusal(big), HasSubstr("big-endian"));
  EXPECT_THAT(refusal(changed(good, "\x80\x02M\xe9\x03.", "\x80\x02M\xe8\x03.")),
              HasSubstr("version of torch.save's format"));
  EXPECT_THAT(refusal(good + "x"), HasSubstr("1 bytes behind its last storage"));
  EXPECT_THAT(refusal(good.substr(0, good.size() - 1)), HasSubstr("cut off"));
  EXPECT_THAT(refusal("\x80\x02]."), HasSubstr("not one that torch.save wrote"));
}

TEST(TorchFileBounds, NothingReachesBehindItsStorage) {
  const std::string good = weightBytes("kinds_legacy.pth");
  // conv.weight: size (2, 3, 2, 2), stride (12, 4, 2, 1).
  const std::string size("(K\x02K\x03K\x02K\x02tq", 10);
  EXPECT_THAT(refusal(changed(good, size, std::string("(K\x02K\x03K\x02K\x03tq", 10))),
              HasSubstr("reaches behind its storage"));
  const std::string stride("(K\x0cK\x04K\x02K\x01tq", 10);
  EXPECT_THAT(refusal(changed(good, stride, std::string("(K\x0dK\x04K\x02K\x01tq", 10))),
              HasSubstr("reaches behind its storage"));
  EXPECT_EQ(refusal(changed(good, stride, std::string("(K\x0bK\x04K\x02K\x01tq", 10))), "");
  const std::string zip = weightBytes("kinds.pth");
  EXPECT_THAT(refusal(changed(zip, size, std::string("(K\x02K\x03K\x02K\x03tq", 10))),
              HasSubstr("reaches behind its storage"));
}

}  // namespace
}  // namespace panicle
