#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace brink::emulated {

/// What has been allocated on the device, by address.
class Allocations {
 public:
  /// Throws MachineError that names need and availability.
  void* allocate(std::size_t bytes);
  /// Throws EmulationError if nothing is allocated at `memory`, or a guard zone was overwritten.
  void release(void* memory);

  /// Throws EmulationError, which `user` begins, unless all of the range is allocated.
  void check_range(std::string const& user, void const* memory, std::size_t bytes) const;
  /// Whether an allocation holds the address, or ends at it.
  bool holds(void const* address) const;
  /// Throws EmulationError, which `user` begins, if something was written before or behind one.
  void check_guard_zones(std::string const& user);

  void set_capacity(std::size_t bytes) { capacity_ = bytes; }
  void reset_peak() { peak_ = live_; }
  std::size_t capacity() const { return capacity_; }
  std::size_t live() const { return live_; }
  std::size_t peak() const { return peak_; }
  std::size_t count() const { return pieces_.size(); }

  /// Under the address sanitizer the memory may be touched while there is one of these.
  class Access {
   public:
    explicit Access(Allocations& allocations);
    ~Access();
    Access(Access const&) = delete;
    Access& operator=(Access const&) = delete;

   private:
    Allocations& allocations_;
  };

  static constexpr std::size_t first_capacity = std::size_t{1} << 30;

 private:
  using Pieces = std::map<std::byte const*, std::size_t>;
  Pieces::const_iterator at_or_before(void const* address) const;
  static void check_guard_zones(std::string const& user, Pieces::value_type const& piece);

  Pieces pieces_;  ///< bytes by address
  std::size_t capacity_ = first_capacity;
  std::size_t live_ = 0;
  std::size_t peak_ = 0;
  int accesses_ = 0;
};

}  // namespace brink::emulated
