#include "core/memory/storageless.h"

#include <c10/core/Allocator.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <sys/mman.h>
#include <torch/version.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/memory/storageless_rules.h"
#include "core/memory/tensor_limit.h"
#include "core/models/storageless.h"

namespace panicle {
namespace {

// Of address space, not of memory. One tensor must fit in; when it is used up it begins again, for tensors
// may well share what is never read. All of it shows the same gibibyte: an operator without a rule that writes,
// as a newer torch may bring one, takes no more than that of the machine.
constexpr std::size_t kAddresses = std::size_t{1} << 38;
constexpr std::size_t kWindow = std::size_t{1} << 30;
constexpr std::size_t kAlignment = 64;

class AddressSpace {
 public:
  AddressSpace() : begin_(map(nullptr, kAddresses, MAP_PRIVATE | MAP_ANONYMOUS, -1)) {
    const int memory = ::memfd_create("storageless tensors", MFD_CLOEXEC);
    if (memory < 0 || ::ftruncate(memory, kWindow) != 0) {
      if (memory >= 0) ::close(memory);
      ::munmap(begin_, kAddresses);
      throw Error("the system refuses the memory that planning takes (memfd_create)");
    }
    for (std::size_t at = 0; at < kAddresses; at += kWindow)
      map(static_cast<char*>(begin_) + at, kWindow, MAP_SHARED | MAP_FIXED, memory);
    ::close(memory);
  }
  ~AddressSpace() { ::munmap(begin_, kAddresses); }
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;

  void* take(std::size_t bytes) {
    const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (bytes > kAddresses - kAlignment)
      throw OutOfMemory("a tensor of " + std::to_string(bytes >> 30) +
                        " GiB is larger than can be planned for");
    if (rounded > kAddresses - used_) used_ = 0;
    void* const place = static_cast<char*>(begin_) + used_;
    used_ += rounded;
    return place;
  }

 private:
  static void* map(void* place, std::size_t bytes, int flags, int file) {
    void* const mapped = ::mmap(place, bytes, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, file, 0);
    if (mapped == MAP_FAILED)
      throw Error("the system refuses the address space that planning memory takes; is 'ulimit -v' set?");
    return mapped;
  }

  void* begin_;
  std::size_t used_ = 0;
};

thread_local StoragelessTensors::Session* session = nullptr;

}  // namespace

struct StoragelessTensors::Session : std::enable_shared_from_this<StoragelessTensors::Session> {
  explicit Session(ComputeKind kind)
      : included(kind == ComputeKind::Cpu ? kStoragelessCpuKey : kStoragelessCudaKey) {}

  AddressSpace addresses;
  AllocationLog log;
  Purpose purpose = Purpose::Workspace;
  std::uint32_t blocks = 0;
  bool noting = true;
  std::optional<c10::impl::IncludeDispatchKeyGuard> included;
};

namespace {

// What a storage's deleter gets.
struct Block {
  std::shared_ptr<StoragelessTensors::Session> session;
  std::size_t event;  // its allocation, in the log
};

void release(void* context) {
  const std::unique_ptr<Block> block(static_cast<Block*>(context));
  StoragelessTensors::Session& owner = *block->session;
  if (!owner.noting) return;
  AllocationEvent event = owner.log[block->event];
  event.freed = true;
  owner.log.push_back(event);
}

class Allocator final : public c10::Allocator {
 public:
  explicit Allocator(c10::Allocator& usual) : usual_(usual) {}
#if TORCH_VERSION_MAJOR >= 2
  at::DataPtr allocate(std::size_t bytes) override {
    return make(bytes);
  }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    usual_.copy_data(to, from, bytes);
  }
#else
  at::DataPtr allocate(std::size_t bytes) const override {
    return make(bytes);
  }
#endif
  c10::DeleterFnPtr raw_deleter() const override {
    return usual_.raw_deleter();
  }

 private:
  at::DataPtr make(std::size_t bytes) const;

  c10::Allocator& usual_;
};

at::DataPtr Allocator::make(std::size_t bytes) const {
  if (!session || bytes == 0) {
    refuseAboveLimit(bytes);
    return usual_.allocate(bytes);
  }
  StoragelessTensors::Session& current = *session;
  void* const place = current.addresses.take(bytes);
  auto block = std::make_unique<Block>(Block{current.shared_from_this(), current.log.size()});
  current.log.push_back({current.blocks++, false, current.purpose, bytes});
  return {place, block.release(), &release, c10::Device(c10::kCPU)};
}

// Once in a program.
void installRules() {
  static std::once_flag once;
  std::call_once(once, installStoragelessRules);
}

}  // namespace

void installCpuAllocator() {
  static std::once_flag once;
  std::call_once(once, [] {
    static Allocator allocator(*c10::GetAllocator(c10::kCPU));
    constexpr std::uint8_t kHighestPriority = 255;
    c10::SetAllocator(c10::kCPU, &allocator, kHighestPriority);
  });
}

StoragelessTensors::StoragelessTensors(ComputeKind kind) {
  installCpuAllocator();
  installRules();
  if (session) throw std::logic_error("StoragelessTensors: this thread has one already");
  session_ = std::make_shared<Session>(kind);
  session = session_.get();
  setStorageless(kind == ComputeKind::Cpu ? Storageless::Cpu : Storageless::Cuda);
}

StoragelessTensors::~StoragelessTensors() {
  setStorageless(Storageless::No);
  session = nullptr;
  session_->noting = false;
  session_->included.reset();
}

void StoragelessTensors::setPurpose(Purpose purpose) {
  session_->purpose = purpose;
}

void StoragelessTensors::setPurposeOf(const at::Tensor& tensor, Purpose purpose) {
  if (!tensor.has_storage() || tensor.storage().data_ptr().get_deleter() != &release) return;
  const auto* block = static_cast<const Block*>(tensor.storage().data_ptr().get_context());
  if (block->session == session_) session_->log[block->event].purpose = purpose;
}

void StoragelessTensors::setPurposeOfRest(Purpose from, Purpose to) {
  std::vector<bool> freed(session_->blocks);
  for (const AllocationEvent& event : session_->log) {
    if (event.freed) freed[event.block] = true;
  }
  for (AllocationEvent& event : session_->log) {
    if (!freed[event.block] && event.purpose == from) event.purpose = to;
  }
}

const AllocationLog& StoragelessTensors::log() const {
  return session_->log;
}

}  // namespace panicle
