import{z as o}from"./index-F3KhLeBp.js";const r=o("category",null);export{r as p};
