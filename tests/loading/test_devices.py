"""devices.py: only devices that this machine has; anything else is refused with what there is."""

import pytest
import torch
from loading_helpers import save_tiny

from uncertainty import load_model
from uncertainty.loading.devices import (
    available_devices,
    check_device_map,
    checked_device,
    device_types,
)


def test_the_cpu_is_always_there():
    assert available_devices()[0] == torch.device("cpu")
    assert len(available_devices()) == 1 + torch.accelerator.device_count()
    assert checked_device("cpu") == checked_device(torch.device("cpu")) == torch.device("cpu")
    assert checked_device("cpu:0").type == "cpu"


@pytest.mark.parametrize(
    "device", ["cuda", "cuda:1", "mps", "meta", "nonsense", "", "0", 0, 1.5, torch.device("cuda")]
)
def test_a_device_that_is_not_here_is_refused_with_those_that_are(machine_with, tmp_path, device):
    machine_with()
    for name in ("tiny", "smollm2-135m", save_tiny(tmp_path), "some/model"):
        with pytest.raises(ValueError) as caught:
            load_model(name, device=device)
        message = str(caught.value)
        assert message.startswith(f"device={device!r} is not a device")
        assert message.endswith("choose from 'cpu'.") and torch.__version__ in message


def test_a_gpu_is_counted(machine_with):
    machine_with("cuda:0", "cuda:1")
    assert checked_device("cuda") == torch.device("cuda")
    assert checked_device("cuda:1") == checked_device(1) == torch.device("cuda:1")
    for missing in ("cuda:2", 2, -1, "xpu"):
        with pytest.raises(ValueError, match="choose from 'cpu', 'cuda:0', 'cuda:1'"):
            checked_device(missing)


# --- device_map -----------------------------------------------------------------------------------


def test_an_empty_device_map_is_refused():
    with pytest.raises(ValueError, match=r"device_map=\{\} places no weights; use 'auto'"):
        load_model(device_map={})


@pytest.mark.parametrize("device", ["nonsense", "", "cuda:1", 0, "meta", torch.device("mps")])
def test_a_device_map_names_only_devices_of_this_machine(machine_with, device):
    machine_with()
    with pytest.raises(ValueError) as caught:
        load_model(device_map={"model": "cpu", "lm_head": device})
    assert str(caught.value).startswith(f"device_map['lm_head']={device!r} is not a device")
    assert str(caught.value).endswith("choose from 'cpu'.")


def test_the_disk_is_a_place_but_no_device(machine_with):
    machine_with("cuda:0")
    device_map = {"model": "cpu", "lm_head": "disk"}
    check_device_map(device_map)
    assert device_types(torch.device("cuda"), device_map) == {"cpu"}


def test_a_device_map_of_what_is_here_passes(machine_with):
    machine_with("cuda:0", "cuda:1")
    device_map = {"a": "cpu", "b": 1, "c": "cuda:0", "d": torch.device("cuda")}
    check_device_map(device_map)
    assert device_types(torch.device("cpu"), device_map) == {"cpu", "cuda"}
    assert device_types(torch.device("cpu"), {"": 0}) == {"cuda"}
    assert device_types(torch.device("cpu"), None) == {"cpu"}
    assert device_types(torch.device("cpu"), "auto") == {"cpu", "cuda"}
