#include "core/weights/pickle.h"

#include <unordered_map>

#include "core/base/error.h"
#include "core/weights/pickle_calls.h"
#include "core/weights/pickle_opcodes.h"

namespace panicle {
namespace {

// A checkpoint of the largest models, its optimizer's state with it, takes some hundred thousand steps. Every
// step keeps one value at most, so this bounds the memory too, together with what calls copy.
constexpr std::size_t kMaxSteps = 8'000'000;
constexpr std::size_t kMaxText = 256u << 20;
constexpr std::size_t kMaxCopied = 256u << 20;
constexpr int kMaxProtocol = 5;

using Op = PickleOpcode;

std::size_t copiedBytes(const PickleValue& value) {
  if (const auto* list = std::get_if<PickleList>(&value)) return list->items.size() * sizeof(PickleId);
  if (const auto* dict = std::get_if<PickleDict>(&value)) return dict->items.size() * 2 * sizeof(PickleId);
  if (const auto* text = std::get_if<PickleText>(&value)) return text->text.size();
  if (const auto* bytes = std::get_if<PickleBytes>(&value)) return bytes->bytes.size();
  if (const auto* storage = std::get_if<std::unique_ptr<PickleStorage>>(&value))
    return sizeof(PickleStorage) + (*storage)->key.size();
  if (const auto* tensor = std::get_if<std::unique_ptr<PickleTensor>>(&value)) {
    return sizeof(PickleTensor) + (*tensor)->storage.key.size() +
           ((*tensor)->shape.size() + (*tensor)->strides.size()) * sizeof(std::int64_t);
  }
  return 0;
}

class Machine {
 public:
  explicit Machine(ByteReader& in) : in_(in) {}

  Pickle run() {
    std::size_t steps = 0;
    for (Op opcode = next(); opcode != Op::Stop; opcode = next()) {
      step(opcode);
      if (++steps > kMaxSteps) throw damaged("there are more values than any weight file has");
    }
    pickle_.root = pop();
    if (!stack_.empty()) throw damaged("it ends with values left over");
    return std::move(pickle_);
  }

 private:
  Op next() { return Op{in_.value<std::uint8_t>()}; }
  Error damaged(const std::string& what) const {
    return fileError(in_.path(), "is damaged, or was not written by torch.save: at byte " +
                                     std::to_string(in_.position()) + " of its pickle, " + what);
  }

  // The stack.
  void add(PickleValue value) {
    pickle_.values.push_back(std::move(value));
    stack_.push_back(static_cast<PickleId>(pickle_.values.size() - 1));
  }
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  PickleId top() const {
    if (stack_.size() <= floor()) throw damaged("a value is asked for where there is none");
    return stack_.back();
  }
  PickleId pop() {
    const PickleId id = top();
    stack_.pop_back();
    return id;
  }
  std::vector<PickleId> popToMark() {
    if (marks_.empty()) throw damaged("a mark is asked for where there is none");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleId> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  template <typename T>
  T& topAs(const char* what) {
    T* value = std::get_if<T>(&pickle_.values[top()]);
    if (value == nullptr) throw damaged(std::string("what should be ") + what + " is not");
    return *value;
  }

  // Values.
  std::string text(std::uint64_t size) {
    const Bytes bytes = in_.take(size);
    if (size > kMaxText) throw damaged("there is a text longer than any weight file has");
    return std::string(asText(bytes));
  }
  void addLong(std::uint64_t size) {
    const std::string bytes = text(size);
    if (size > sizeof(std::int64_t)) return add(PickleLong{bytes});
    const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80) != 0;
    std::int64_t number = negative ? -1 : 0;
    std::memcpy(&number, bytes.data(), bytes.size());
    add(number);
  }
  void addFloat() {  // big endian, alone of all
    const auto bits = __builtin_bswap64(in_.value<std::uint64_t>());
    double number = 0;
    std::memcpy(&number, &bits, sizeof(number));
    add(number);
  }
  void addTuple(std::size_t count) {
    PickleList tuple{std::vector<PickleId>(count), true};
    for (std::size_t i = count; i-- > 0;) tuple.items[i] = pop();
    add(std::move(tuple));
  }
  void addDict(const std::vector<PickleId>& items) {
    add(PickleDict{});
    setItems(items);
  }
  void setItems(const std::vector<PickleId>& items) {
    auto& dict = topAs<PickleDict>("a dict");
    if (items.size() % 2 != 0) throw damaged("a dict has a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2) dict.items.emplace_back(items[i], items[i + 1]);
  }
  void append(const std::vector<PickleId>& items) {
    auto& list = topAs<PickleList>("a list");
    list.items.insert(list.items.end(), items.begin(), items.end());
  }

  // The memo.
  void memoize(std::uint32_t key) { memo_[key] = top(); }
  void recall(std::uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) throw damaged("a value is recalled that was never kept");
    stack_.push_back(found->second);
  }

  // What makes objects.
  void global(const std::string& module, const std::string& name) {
    add(pickleGlobal(module, name, in_.path()));
  }
  void stackGlobal() {
    const std::string name = topAs<PickleText>("a name").text;
    pop();
    const std::string module = topAs<PickleText>("a module's name").text;
    pop();
    global(module, name);
  }
  void reduce() {
    const PickleId arguments = pop();
    const PickleCall call = topAs<PickleCall>("a function");
    pop();
    PickleValue value = pickleCall(pickle_, call, arguments, in_.path());
    addCopy(std::move(value));
  }
  void addCopy(PickleValue value) {
    countCopy(value);
    add(std::move(value));
  }
  void countCopy(const PickleValue& value) {
    copied_ += copiedBytes(value);
    if (copied_ > kMaxCopied) throw damaged("values are copied over and over");
  }
  void newObject() {
    const PickleId arguments = pop();
    const auto* call = pickle_.get<PickleCall>(top());
    if (call == nullptr || *call != PickleCall::FastcoreList)
      throw pickleRefusal("make an object", in_.path());
    stack_.push_back(arguments);
    reduce();
  }
  // Attributes. Those of an OrderedDict (a state dict keeps its modules' versions there) and of a NumPy dtype
  // say nothing about the tensors; fastcore's list keeps its items there.
  void build() {
    const PickleId attributes = pop();
    PickleValue& value = pickle_.values[top()];
    if (std::holds_alternative<PickleDict>(value) || std::holds_alternative<PickleNumpyDtype>(value)) return;
    auto* list = std::get_if<PickleList>(&value);
    if (list == nullptr || list->tuple) throw damaged("attributes are given to what has none");
    const auto* dict = pickle_.get<PickleDict>(attributes);
    const PickleValue* items = dict == nullptr ? nullptr : pickle_.find(*dict, "items");
    if (items == nullptr || !std::holds_alternative<PickleList>(*items))
      throw damaged("a list's attributes have no items");
    countCopy(*items);
    list->items = std::get<PickleList>(*items).items;
  }

  void step(Op opcode) {
    const bool known = stepNumber(opcode) || stepText(opcode) || stepSequence(opcode) || stepDict(opcode) ||
                       stepStack(opcode) || stepObject(opcode) || stepItself(opcode);
    if (!known) throw damaged("opcode " + std::to_string(static_cast<int>(opcode)) + " is not known");
  }
  bool stepNumber(Op opcode);
  bool stepText(Op opcode);
  bool stepSequence(Op opcode);
  bool stepDict(Op opcode);
  bool stepStack(Op opcode);
  bool stepObject(Op opcode);
  bool stepItself(Op opcode);

  ByteReader& in_;
  Pickle pickle_;
  std::vector<PickleId> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleId> memo_;
  std::size_t copied_ = 0;  // bytes, by calls
};

// Each of these answers whether the opcode was one of its own.
bool Machine::stepNumber(Op opcode) {
  switch (opcode) {
    case Op::None:
      add(std::monostate{});
      break;
    case Op::NewTrue:
      add(true);
      break;
    case Op::NewFalse:
      add(false);
      break;
    case Op::BinInt:
      add(std::int64_t{in_.value<std::int32_t>()});
      break;
    case Op::BinInt1:
      add(std::int64_t{in_.value<std::uint8_t>()});
      break;
    case Op::BinInt2:
      add(std::int64_t{in_.value<std::uint16_t>()});
      break;
    case Op::Long1:
      addLong(in_.value<std::uint8_t>());
      break;
    case Op::Long4:
      addLong(in_.value<std::uint32_t>());
      break;
    case Op::BinFloat:
      addFloat();
      break;
    default:
      return false;
  }
  return true;
}

bool Machine::stepText(Op opcode) {
  switch (opcode) {
    case Op::ShortBinUnicode:
    case Op::ShortBinString:
      add(PickleText{text(in_.value<std::uint8_t>())});
      break;
    case Op::BinUnicode:
    case Op::BinString:
      add(PickleText{text(in_.value<std::uint32_t>())});
      break;
    case Op::BinUnicode8:
      add(PickleText{text(in_.value<std::uint64_t>())});
      break;
    case Op::ShortBinBytes:
      add(PickleBytes{text(in_.value<std::uint8_t>())});
      break;
    case Op::BinBytes:
      add(PickleBytes{text(in_.value<std::uint32_t>())});
      break;
    case Op::BinBytes8:
    case Op::ByteArray8:
      add(PickleBytes{text(in_.value<std::uint64_t>())});
      break;
    default:
      return false;
  }
  return true;
}

bool Machine::stepSequence(Op opcode) {
  switch (opcode) {
    case Op::EmptyList:
    case Op::EmptySet:
      add(PickleList{});
      break;
    case Op::List:
    case Op::FrozenSet:
      add(PickleList{popToMark(), false});
      break;
    case Op::Append:
      append({pop()});
      break;
    case Op::Appends:
    case Op::AddItems:
      append(popToMark());
      break;
    case Op::EmptyTuple:
      add(PickleList{{}, true});
      break;
    case Op::Tuple:
      add(PickleList{popToMark(), true});
      break;
    case Op::Tuple1:
      addTuple(1);
      break;
    case Op::Tuple2:
      addTuple(2);
      break;
    case Op::Tuple3:
      addTuple(3);
      break;
    default:
      return false;
  }
  return true;
}

bool Machine::stepDict(Op opcode) {
  switch (opcode) {
    case Op::EmptyDict:
      add(PickleDict{});
      break;
    case Op::Dict:
      addDict(popToMark());
      break;
    case Op::SetItem: {
      const PickleId value = pop();
      const PickleId key = pop();
      setItems({key, value});
      break;
    }
    case Op::SetItems:
      setItems(popToMark());
      break;
    default:
      return false;
  }
  return true;
}

bool Machine::stepStack(Op opcode) {
  switch (opcode) {
    case Op::Mark:
      marks_.push_back(stack_.size());
      break;
    case Op::Pop:
      pop();
      break;
    case Op::PopMark:
      popToMark();
      break;
    case Op::Dup:
      stack_.push_back(top());
      break;
    case Op::BinPut:
      memoize(in_.value<std::uint8_t>());
      break;
    case Op::LongBinPut:
      memoize(in_.value<std::uint32_t>());
      break;
    case Op::Memoize:
      memoize(static_cast<std::uint32_t>(memo_.size()));
      break;
    case Op::BinGet:
      recall(in_.value<std::uint8_t>());
      break;
    case Op::LongBinGet:
      recall(in_.value<std::uint32_t>());
      break;
    default:
      return false;
  }
  return true;
}

bool Machine::stepObject(Op opcode) {
  switch (opcode) {
    case Op::Global: {
      const std::string module(in_.takeLine());
      global(module, std::string(in_.takeLine()));
      break;
    }
    case Op::StackGlobal:
      stackGlobal();
      break;
    case Op::Reduce:
      reduce();
      break;
    case Op::Build:
      build();
      break;
    case Op::BinPersId:
      addCopy(pickleStorage(pickle_, pop(), in_.path()));
      break;
    case Op::NewObj:
      newObject();
      break;
    case Op::Inst:
    case Op::Obj:
    case Op::NewObjEx:
      throw pickleRefusal("make an object", in_.path());
    default:
      return false;
  }
  return true;
}

bool Machine::stepItself(Op opcode) {
  if (opcode == Op::Proto) {
    if (in_.value<std::uint8_t>() > kMaxProtocol) throw damaged("a protocol is named that is not known");
    return true;
  }
  if (opcode == Op::Frame) {
    in_.value<std::uint64_t>();  // its length, of use to a reader that buffers
    return true;
  }
  return false;
}

}  // namespace

const PickleValue* Pickle::find(const PickleDict& dict, std::string_view key) const {
  for (const auto& [name, value] : dict.items) {
    const auto* text = get<PickleText>(name);
    if (text != nullptr && text->text == key) return &values[value];
  }
  return nullptr;
}

Pickle readPickle(ByteReader& in) {
  return Machine(in).run();
}

}  // namespace panicle
