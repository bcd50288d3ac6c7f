# Everything Panicle takes from outside. packaging/setup.sh installs it on Debian and Ubuntu.

# Torch: Debian's LibTorch (1.13, 2.6) or any newer one given by CMAKE_PREFIX_PATH, with CUDA or without.
find_package(Torch REQUIRED)
add_library(panicle_torch INTERFACE)
target_link_libraries(panicle_torch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(panicle_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
separate_arguments(torch_flags NATIVE_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(panicle_torch INTERFACE ${torch_flags})

# Never ${OpenCV_LIBS}: Debian's highgui pulls in Qt 5.
if(TARGET torch_cuda)
  target_compile_definitions(panicle_torch INTERFACE PANICLE_CUDA)
endif()

find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs)
find_package(JPEG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)  # its CMake files on Debian also want its command-line tools
find_package(CURL 7.85 REQUIRED)  # CURLOPT_PROTOCOLS_STR
find_package(OpenSSL REQUIRED)
if(PANICLE_GUI)
  find_package(Qt6 6.4 REQUIRED COMPONENTS Core Gui Widgets Svg PrintSupport DBus)
  find_package(QCustomPlotQt6 REQUIRED)
endif()
if(PANICLE_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  if(PANICLE_GUI)
    find_package(Qt6 6.4 REQUIRED COMPONENTS Test)
  endif()
endif()
