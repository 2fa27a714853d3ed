#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/cuda/portable.hpp"
#include "tests/support/emulated/control.hpp"

// What the emulated device's own tests share.

namespace brink::test {

/// Device memory that a test holds, copied on a stream of its own.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size)
      : data_(static_cast<T*>(cuda::allocate(size * sizeof(T)))), size_(size) {}
  DeviceArray(cuda::Stream stream, std::vector<T> const& values) : DeviceArray(values.size()) {
    cuda::upload(stream, data_, values.data(), values.size() * sizeof(T));
  }
  DeviceArray(DeviceArray const&) = delete;
  DeviceArray& operator=(DeviceArray const&) = delete;
  ~DeviceArray() { cuda::release(data_); }

  T* data() const { return data_; }
  std::size_t bytes() const { return size_ * sizeof(T); }
  std::vector<T> values(cuda::Stream stream) const {
    std::vector<T> host(size_);
    cuda::download(stream, host.data(), data_, bytes());
    return host;
  }

 private:
  T* data_;
  std::size_t size_;
};

/// Pinned memory of one value.
template <class T>
class Pinned {
 public:
  Pinned() : data_(static_cast<T*>(cuda::allocate_pinned(sizeof(T)))) {}
  Pinned(Pinned const&) = delete;
  Pinned& operator=(Pinned const&) = delete;
  ~Pinned() { cuda::release_pinned(data_); }

  T* data() const { return data_; }
  T& operator*() const { return *data_; }

 private:
  T* data_;
};

class OwnedStream {
 public:
  OwnedStream() : stream_(cuda::make_stream()) {}
  OwnedStream(OwnedStream const&) = delete;
  OwnedStream& operator=(OwnedStream const&) = delete;
  ~OwnedStream() { cuda::destroy(stream_); }
  operator cuda::Stream() const { return stream_; }

 private:
  cuda::Stream stream_;
};

class OwnedEvent {
 public:
  OwnedEvent() : event_(cuda::make_event()) {}
  OwnedEvent(OwnedEvent const&) = delete;
  OwnedEvent& operator=(OwnedEvent const&) = delete;
  ~OwnedEvent() { cuda::destroy(event_); }
  operator cuda::Event() const { return event_; }

 private:
  cuda::Event event_;
};

/// 0, 1, 2, … of a number type.
template <class T>
std::vector<T> counting(std::size_t size) {
  std::vector<T> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<T>(i);
  return values;
}

/// The message of what `body` throws, which is to be an Error; empty if it throws nothing.
template <class Error, class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (Error const& error) {
    return error.what();
  }
  return "";
}

inline std::string order_name(emulated::Order order) {
  switch (order) {
    case emulated::Order::forward:
      return "forward";
    case emulated::Order::reverse:
      return "reverse";
    default:
      return "random";
  }
}

inline std::vector<emulated::Order> all_orders() {
  return {emulated::Order::forward, emulated::Order::reverse, emulated::Order::random};
}

/// The emulated device as it is at the start, and a check that a test leaves nothing on it.
template <class Base>
class OnEmulatedDevice : public Base {
 protected:
  OnEmulatedDevice() { emulated::reset(); }
  ~OnEmulatedDevice() override {
    EXPECT_EQ(message_of<emulated::EmulationError>([] { emulated::check_clean(); }), "");
    emulated::reset();
  }
};

/// A test that runs in each thread order.
class InEveryOrder : public OnEmulatedDevice<::testing::TestWithParam<emulated::Order>> {
 protected:
  InEveryOrder() { emulated::set_order(GetParam(), 1); }
};

inline std::string name_of_order(::testing::TestParamInfo<emulated::Order> const& info) {
  return order_name(info.param);
}

}  // namespace brink::test
