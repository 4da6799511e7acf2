throw new Error("The shelf is empty\nand the librarian is out");
