"""LitServe and onnxruntime: `{"x": [...]}` in, `{"y": [...], "confidence": [...]}` out."""

import os
from typing import Any

import litserve as ls
import numpy as np
import onnxruntime as ort


class DigitsAPI(ls.LitAPI):
    """The four steps of a LitServe service."""

    def setup(self, device: str) -> None:  # noqa: ARG002
        """Loads the model."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # one core is what each system gets
        self.session = ort.InferenceSession(os.environ["MODEL"], options)

    def decode_request(self, request: dict[str, Any]) -> Any:
        """Pictures n×28×28 or n×28×28×1, 0 to 255 or 0 to 1, as the model's tensor."""
        x = np.array(request["x"], dtype=np.float32).reshape(-1, 28, 28, 1)
        if x.max() > 1:
            x /= 255
        return x

    def predict(self, x: Any) -> Any:
        """Runs the model once for the whole batch."""
        return self.session.run(None, {"images": x})[0]

    def encode_response(self, output: Any) -> dict[str, Any]:
        """The digit of each picture, and how sure the model is of it, 0 to 1."""
        return {"y": output.argmax(axis=1).tolist(), "confidence": output.max(axis=1).tolist()}


if __name__ == "__main__":
    server = ls.LitServer(DigitsAPI(api_path="/predict/batch"), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(os.environ["PORT"]), generate_client_file=False)
